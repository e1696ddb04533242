"""The reference evaluator: a rule's condition as one closure over a record.

It asks everything of every record and stays the oracle: the prefilter may only ever save time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from tocsin.detections.sigma_strings import glob_matcher
from tocsin.detections.values import Row, views
from tocsin.packs.conditions import (
    Check,
    Cidr,
    Every,
    Exists,
    FieldTest,
    Glob,
    Node,
    Not,
    Null,
    Number,
    Regex,
    SameAs,
)
from tocsin.packs.regexes import LONGEST_VALUE, compiled

Predicate = Callable[[Row], bool]
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda left, right: left == right,
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}


def predicate(node: Node) -> Predicate:
    """Compile a condition tree."""
    if isinstance(node, FieldTest):
        return _test(node)
    if isinstance(node, Not):
        inner = predicate(node.item)
        return lambda row: not inner(row)
    parts = [predicate(item) for item in node.items]
    if isinstance(node, Every):
        return _all(parts)
    return _any(parts)


def _all(parts: list[Predicate]) -> Predicate:
    def every(row: Row) -> bool:
        for part in parts:  # noqa: SIM110 - a plain loop runs twice as fast as all() here
            if not part(row):
                return False
        return True

    return every


def _any(parts: list[Predicate]) -> Predicate:
    def some(row: Row) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(row):
                return True
        return False

    return some


def _test(test: FieldTest) -> Predicate:
    if test.field is None:
        return _keyword(test.check)
    return _field_test(test.field, test.check)


def _keyword(check: Check) -> Predicate:
    """A Sigma keyword: any value of the record holds it."""
    if isinstance(check, Glob):
        matches, lower = glob_matcher(check), not check.cased
    else:
        matches, lower = _regex(check), False

    def found(row: Row) -> bool:
        return any(matches(view.lower() if lower else view) for view in _every_view(row))

    return found


def _every_view(row: Row) -> Iterator[str]:
    for name, value in row.fields.items():
        if value is not None:
            yield from views(name, value)


def _field_test(name: str, check: Check) -> Predicate:
    match check:
        case Null():
            return lambda row: row.value(name) is None
        case Exists():
            return lambda row: row.has(name) is check.wanted
        case Glob():
            return _glob_test(name, check)
        case SameAs():
            return _same_as(name, check)
        case Number():
            compare, number = _COMPARE[check.op], check.value
            return lambda row: (value := _number(row.value(name))) is not None and compare(value, number)
        case Cidr():
            return _cidr(name, check)
        case Regex():
            matches = _regex(check)
            return lambda row: any(matches(view) for view in row.views(name))


def _glob_test(name: str, check: Glob) -> Predicate:
    if not check.parts:  # an empty text: the log has the column and left it empty
        return lambda row: row.has(name) and not row.value(name)
    matches = glob_matcher(check)
    if check.cased:
        return lambda row: any(map(matches, row.views(name)))
    return lambda row: any(map(matches, row.lower(name)))


def _same_as(name: str, check: SameAs) -> Predicate:
    def compare(left: str, right: str) -> bool:
        if check.starts and check.ends:
            return right in left
        if check.starts:
            return left.startswith(right)
        return left.endswith(right) if check.ends else left == right

    return lambda row: any(
        compare(left, right) for left in row.lower(name) for right in row.lower(check.field)
    )


def _regex(check: Check) -> Callable[[str], bool]:
    if not isinstance(check, Regex):
        raise TypeError(check)
    search = compiled(check.pattern, check.flags).search
    return lambda text: search(text, 0, LONGEST_VALUE) is not None


def _cidr(name: str, check: Cidr) -> Predicate:
    network = ipaddress.ip_network(check.network)

    def inside(row: Row) -> bool:
        found = address(row.value(name) or "")
        return found is not None and found.version == network.version and found in network

    return inside


@lru_cache(maxsize=16_384)
def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an IP address; one of IPv4 in the clothes of IPv6 (``::ffff:``) counts as IPv4."""
    try:
        found = ipaddress.ip_address(text.strip("[] "))
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _number(text: str | None) -> float | None:
    """Read a decimal number; whatever else stands in the field is no number."""
    if text is None or _NUMBER.fullmatch(text) is None:
        return None
    return float(text) if "." in text else int(text)
