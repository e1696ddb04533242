"""The gates of one kind of log: expressions for the lines that rules, indicators or signs may concern.

Of the parts of a rule's condition all of which must hold, the one that fewest ordinary lines meet
becomes its gate. A line that no gate lets through can be counted without being parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_network

from msgspec import Struct

from tocsin.detections.pages import ANY_PAGE, NONSENSE
from tocsin.detections.prefilter import conjuncts, only_field
from tocsin.detections.scanning import patterns
from tocsin.detections.scanning.patterns import Choice, Part
from tocsin.detections.values import WHOLE_URI
from tocsin.model.expressions import compiled
from tocsin.packs.conditions import Check, Either, Every, FieldTest, Glob, Node, Regex
from tocsin.packs.loading import Pack
from tocsin.packs.schema import IndicatorRow

ALWAYS = -1
"""Stands for the rules of a gate whose lines are parsed whatever they hold besides."""
_FREQUENT = 0.01
"""Gates that a larger share of ordinary lines meets are joined, so that a line is told of once."""
_MOST_PAGES = 1_000
_LONG = 4
_PATHS = frozenset({"cs-uri-stem", "UrlStem"})
BEHIND = frozenset({"cs-uri-query", "UrlQuery", "cs-user-agent", "UserAgent", "cs-cookie", "cs-referer"})
"""Columns that stand behind the path in every shape that the lane takes."""
_FIELDS = frozenset(
    {"cs-method", "Method", "sc-status", "HttpStatus", "sc-substatus", "s-port", "date", "time", "DateTime"}
)
"""Fields whose values are too short to be looked for in a line, or stand where it begins."""


class Gate(Struct, frozen=True, kw_only=True):
    """One expression, and whom it lets a line through to.

    Attributes:
        expression: of bytes, for the syntax that ``patterns.expression`` describes.
        literals: texts in lower case of which such a line holds one; empty when there are none.
        rules: mask of the rules (by their place among those of the kind), or ``ALWAYS``.
    """

    expression: str
    literals: tuple[str, ...]
    rules: int


class Dialect(Struct, frozen=True, kw_only=True):
    """How a kind of log writes its rows: what stands between values, and what ordinary lines look like."""

    between: str
    ordinary: tuple[bytes, ...] = ()
    front_ends: tuple[str, ...] = ()
    """Values of a column whose rows may name a directory in an unusual way."""


def gates_of(conditions: Sequence[Node], packs: Iterable[Pack], dialect: Dialect) -> tuple[Gate, ...] | None:
    """Give the gates of a kind, or None when some rule's condition has no part that a line must show.

    Args:
        conditions: of the rules, in the order of their bits.
        packs: whose indicators count.
        dialect: of the log.
    """
    found: list[Gate] = []
    for number, condition in enumerate(conditions):
        gate = _best(condition, 1 << number, dialect)
        if gate is None:
            return None
        found.append(gate)
    found += [
        _gate(part, ALWAYS, dialect, plain=path)
        for pack in packs
        for part, path in _indicators(pack.indicators)
    ]
    found.append(_gate(patterns.of_regex(Regex(NONSENSE)), ALWAYS, dialect, plain=True))
    found += hidden_gates(dialect)
    return tuple(_joined(found, dialect))


def page_gates(urls: Iterable[str], dialect: Dialect) -> tuple[Gate, ...]:
    """Give the gates for requests for some pages, by their paths; of too many, for any page.

    A request that hides its page by encoding meets one of ``hidden_gates`` instead.
    """
    paths = sorted(set(urls))
    if len(paths) > _MOST_PAGES:
        return (_gate(patterns.of_regex(Regex(ANY_PAGE)), ALWAYS, dialect, plain=True),)
    return tuple(_gate(patterns.of_text(path), ALWAYS, dialect, plain=True) for path in paths)


def sign_gates(signs: Iterable[str], dialect: Dialect) -> tuple[Gate, ...]:
    """Give one gate for the lines that hold a text by which a product shows, or none."""
    found = [_gate(patterns.of_text(text), 0, dialect) for text in signs]
    if not found:
        return ()
    literals = tuple(sorted({text for gate in found for text in gate.literals}))
    return (Gate(expression=_any_of([gate.expression for gate in found]), literals=literals, rules=0),)


def name_gate(names: Sequence[str], dialect: Dialect) -> Gate | None:
    """Give the gate for paths that begin with one of these names, and for rows of certain front ends."""
    found = [_gate(patterns.of_regex(Regex(f"^{re.escape(name)}")), 0, dialect, plain=True) for name in names]
    found += [
        _gate(patterns.of_regex(Regex(f"^{one}$")), 0, dialect, plain=True) for one in dialect.front_ends
    ]
    return _either(found, 0)


def sight(pattern: str, dialect: Dialect) -> Gate:
    """Give a gate for values that meet a regular expression; it lets through to no rule."""
    return _gate(patterns.trimmed(patterns.of_regex(Regex(pattern))), 0, dialect, plain=True)


def word(text: str, dialect: Dialect) -> Gate:
    """Give a gate for values that hold a text; it lets through to no rule."""
    return _gate(patterns.of_text(text), 0, dialect, plain=True)


def _best(condition: Node, bit: int, dialect: Dialect) -> Gate | None:
    """Give the gate that fewest ordinary lines meet; of equals the one with the longest literal.

    Where even that one is met by many, two parts that ask about different columns are looked for together.
    """
    parts = list(conjuncts(condition))
    found = [_gate_of(part, bit, dialect) for part in parts]
    best = _rarest(found, dialect)
    if best is None or (_strong(best) and _met(best, dialect) <= _FREQUENT * len(dialect.ordinary)):
        return best
    pairs = [
        _pair(one, left, other, dialect)
        for left, one in zip(parts, found, strict=True)
        for other in parts
        if one is not None and other is not left
    ]
    return _rarest([best, *pairs], dialect)


def _within(one: Gate, other: Gate, dialect: Dialect) -> Gate:
    """Give the gate of lines that hold a text of each in one column, in either order or overlapping."""
    if not one.literals or not other.literals:
        return other
    first, second = (_any_of([re.escape(text) for text in gate.literals]) for gate in (one, other))
    between = rf"[^{re.escape(dialect.between)}\n]*"
    shared = sorted(
        {text for left in one.literals for right in other.literals for text in _grown(left, right)}
    )
    expressions = [f"{first}{between}{second}", f"{second}{between}{first}", *map(re.escape, shared)]
    return Gate(expression=_any_of(expressions), literals=one.literals, rules=one.rules)


def _grown(left: str, right: str) -> Iterator[str]:
    """Yield the texts in which two texts overlap."""
    if left in right or right in left:
        yield max(left, right, key=len)
    for size in range(1, min(len(left), len(right))):
        if left.endswith(right[:size]):
            yield left + right[size:]
        if right.endswith(left[:size]):
            yield right + left[size:]


def _strong(gate: Gate) -> bool:
    """Tell whether an engine finds texts to look for, long enough to be rare."""
    return min(map(len, gate.literals), default=0) >= _LONG


def _rarest(found: Iterable[Gate | None], dialect: Dialect) -> Gate | None:
    return min((gate for gate in found if gate), key=lambda gate: _rank(gate, dialect), default=None)


def _pair(one: Gate, left: Node, right: Node, dialect: Dialect) -> Gate | None:
    """Give the gate of lines whose path meets one part, and another column behind it another part.

    An alternative that asks about the path itself, or about whatever column, is looked for alone.
    """
    if only_field(left) not in _PATHS:
        return None
    found = []
    for item in right.items if isinstance(right, Either) else (right,):
        gate = _gate_of(item, one.rules, dialect)
        if gate is None:
            return None
        field = only_field(item)
        if field in BEHIND:
            gate = _behind(one, gate)
        elif field == only_field(left):
            gate = _within(one, gate, dialect)
        found.append(gate)
    return _either(found, one.rules)


def _behind(one: Gate, other: Gate) -> Gate:
    strong = one.literals if _strong(one) or not other.literals else other.literals
    return Gate(expression=rf"{one.expression}[^\n]*{other.expression}", literals=strong, rules=one.rules)


def _rank(gate: Gate, dialect: Dialect) -> tuple[bool, bool, int, int, str]:
    met, shortest = _met(gate, dialect), min(map(len, gate.literals), default=0)
    often = met > _FREQUENT * len(dialect.ordinary)
    return often, not _strong(gate), met, -shortest, gate.expression


def _met(gate: Gate, dialect: Dialect) -> int:
    met = matcher(gate.expression)
    return sum(met.search(line + b"\n") is not None for line in dialect.ordinary)


def matcher(expression: str) -> re.Pattern[bytes]:
    """Compile an expression for ``re``."""
    return compiled(expression.encode("ascii"), re.IGNORECASE)


def _gate_of(node: Node, bit: int, dialect: Dialect) -> Gate | None:
    """Give the gate of one part of a condition, or None if a line need not show anything of it."""
    if isinstance(node, FieldTest):
        part = None if node.field in _FIELDS else _part(node.check)
        across, plain = node.field == WHOLE_URI, node.field in _PATHS
        return None if part is None else _gate(part, bit, dialect, across=across, plain=plain)
    if isinstance(node, Every):
        return _best(node, bit, dialect)
    if isinstance(node, Either):
        return _either([_gate_of(item, bit, dialect) for item in node.items], bit)
    return None


def _either(found: Sequence[Gate | None], bit: int) -> Gate | None:
    gates = [gate for gate in found if gate]
    if not gates or len(gates) < len(found):
        return None
    literals = frozenset(text for gate in gates for text in gate.literals)
    return Gate(
        expression=_any_of([gate.expression for gate in gates]),
        literals=tuple(sorted(literals)) if all(gate.literals for gate in gates) else (),
        rules=bit,
    )


def _part(check: Check) -> Part | None:
    if isinstance(check, Regex):
        part = patterns.trimmed(patterns.of_regex(check))
    elif isinstance(check, Glob) and check.parts:
        part = patterns.trimmed(patterns.of_glob(check))
    else:
        return None
    return None if matcher(patterns.expression(part, between=" ")).search(b" \n") else part


def _gate(part: Part, rules: int, dialect: Dialect, *, across: bool = False, plain: bool = False) -> Gate:
    return Gate(
        expression=patterns.expression(part, between=dialect.between, across=across, plain=plain),
        literals=tuple(sorted(patterns.literals(part) or ())),
        rules=rules,
    )


def hidden_gates(dialect: Dialect) -> list[Gate]:
    """Give the gates for rows in which a plain character, or anything in the path, is encoded."""
    return [_plain(text) for text in (*patterns.HIDDEN, *patterns.encoded_paths(dialect.between))]


def _plain(expression: str) -> Gate:
    return Gate(expression=expression, literals=_codes(expression), rules=ALWAYS)


def _codes(expression: str) -> tuple[str, ...]:
    """The texts of the first expression of ``HIDDEN``, one by one; the others have none."""
    if expression != patterns.HIDDEN[0]:
        return ()
    codes = [f"{code:02x}" for code in range(128) if patterns.OPEN.fullmatch(chr(code))]
    twice = {f"%25{code if code[0] in '25' else code[0]}" for code in codes}
    return tuple(sorted({*(f"%{code}" for code in codes), *twice, "%u00", "%25u00"}))


def _joined(gates: Iterable[Gate], dialect: Dialect) -> Iterator[Gate]:
    """Join gates of one expression, and those that many ordinary lines meet."""
    frequent: list[Gate] = []
    for gate in _merged(gates):
        often = _met(gate, dialect) > _FREQUENT * len(dialect.ordinary)
        if often and gate.rules != ALWAYS:
            frequent.append(gate)
        else:
            yield gate
    if frequent:
        rules = 0
        for gate in frequent:
            rules |= gate.rules
        literals = frozenset(text for gate in frequent for text in gate.literals)
        known = all(gate.literals for gate in frequent)
        expression = _any_of([gate.expression for gate in frequent])
        yield Gate(expression=expression, literals=tuple(sorted(literals)) if known else (), rules=rules)


def _merged(gates: Iterable[Gate]) -> Iterator[Gate]:
    found: dict[str, Gate] = {}
    for gate in gates:
        known = found.get(gate.expression)
        rules = gate.rules if known is None else gate.rules | known.rules
        found[gate.expression] = Gate(expression=gate.expression, literals=gate.literals, rules=rules)
    yield from found.values()


def _any_of(expressions: Sequence[str]) -> str:
    each = list(dict.fromkeys(expressions))
    return each[0] if len(each) == 1 else f"(?:{'|'.join(each)})"


# --- indicators -------------------------------------------------------------------------------


def _indicators(rows: Iterable[IndicatorRow]) -> Iterator[tuple[Part, bool]]:
    """Yield what a row must hold to meet an indicator, and whether in a column that is not encoded."""
    live = [row for row in rows if not row.withdrawn]
    for row in live:
        if row.type in _TEXTS:
            yield _TEXTS[row.type](row.value), row.type not in _ANYWHERE
    if any(row.type in {"ipv4", "cidr"} for row in live):
        yield patterns.of_text(":ffff:"), True  # an address of IPv4 in the clothes of IPv6


def _address(value: str) -> Part:
    return patterns.of_text(value.strip())


def _network(value: str) -> Part:
    """The whole groups that all addresses of the network share, or whatever looks like an address."""
    network = ip_network(value)
    if network.version != 4:  # noqa: PLR2004 - addresses of IPv6 are written in many ways
        group = f"{int(network.network_address) >> 112:x}"
        return patterns.of_regex(Regex(f"0{{0,3}}{group}:" if network.prefixlen >= 16 else ":"))  # noqa: PLR2004
    groups = str(network.network_address).split(".")[: network.prefixlen // 8]
    return patterns.of_regex(Regex(rf"(?:^|[^0-9]){re.escape('.'.join(groups))}\." if groups else r"\d\."))


def _last(value: str) -> Part:
    return patterns.of_text(re.split(r"[\\/]", value)[-1] or value)


def _words(value: str) -> Part:
    """A user agent: its blanks are plus signs in some logs."""
    return patterns.of_text(value.replace("+", " "))


def _path_pattern(value: str) -> Part:
    """A pattern of Windows paths is asked of paths with forward slashes too."""
    return _with_slashes(patterns.of_regex(Regex(value)))


def _with_slashes(part: Part) -> Part:
    match part:
        case patterns.Text("\\"):
            return patterns.Repeat(Choice((patterns.Text("\\"), patterns.Text("/"))), 1, None)
        case patterns.Row():
            return patterns.Row(tuple(map(_with_slashes, part.parts)))
        case Choice():
            return Choice(tuple(map(_with_slashes, part.parts)))
        case patterns.Repeat():
            return patterns.Repeat(_with_slashes(part.part), part.least, part.most)
        case patterns.Edge():
            return patterns.Row(())
        case _:
            return part


_ANYWHERE = frozenset({"domain", "url", "string"})
_TEXTS: Mapping[str, Callable[[str], Part]] = {
    "ipv4": _address,
    "cidr": _network,
    "user_agent": _words,
    "filename": _last,
    "filepath": _last,
    "probe_uri": patterns.of_text,
    "path_regex": _path_pattern,
    "domain": patterns.of_text,
    "url": patterns.of_text,
    "string": patterns.of_text,
}
