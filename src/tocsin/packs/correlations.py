"""Sigma correlations: which are understood, and what they refer to.

Only counts and sequences that evidence can prove are supported; a correlation that waits for
fewer events than a number (``lt``) would turn a missing log into an alarm, and is refused.
Format: Sigma correlation rules specification 2.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from sigma.correlations import SigmaCorrelationRule, SigmaCorrelationTimespan
from sigma.exceptions import SigmaError

from tocsin.errors import RuleError
from tocsin.packs.rules import Correlation, CorrelationKeys, Head, Rule
from tocsin.packs.yaml_text import Document

TYPES = ("event_count", "value_count", "temporal", "temporal_ordered")
_LONGEST = 366 * 86_400


def correlation_of(head: Head, document: Document, rules: Sequence[Rule]) -> Correlation:
    """Compile a correlation over the pack's rules, named by title, ``name`` or id.

    Raises:
        RuleError: no valid Sigma correlation, an unknown rule, or an unsupported condition.
    """
    keys = head.correlation
    if keys is None:
        raise RuleError("no correlation.", where=document.where("title"), remedy="Add the key.")
    _check_with_pysigma(document)
    if keys.type not in TYPES:
        raise _error(document, "type", f"the type {keys.type}", f"Use one of {', '.join(TYPES)}.")
    titles = _titles(keys, document, rules)
    return Correlation(
        head=head,
        document=document,
        type=keys.type,
        rules=titles,
        group_by=_strings(keys.group_by),
        seconds=_seconds(keys, document),
        threshold=_threshold(keys, document, len(titles)),
        value_field=_value_field(keys, document),
        aliases=_aliases(keys, document, rules),
    )


def _check_with_pysigma(document: Document) -> None:
    try:
        SigmaCorrelationRule.from_dict(dict(document.data))
    except SigmaError as error:
        raise RuleError(
            f"pySigma: {error}.", where=document.where("correlation"), remedy="Correct the correlation."
        ) from error


def _strings(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _titles(keys: CorrelationKeys, document: Document, rules: Sequence[Rule]) -> tuple[str, ...]:
    titles = tuple(_title(name, document, rules) for name in _strings(keys.rules))
    if len(set(titles)) < len(titles):
        raise _error(document, "rules", "a rule named twice", "Count its matches with event_count.")
    return titles


def _title(reference: str, document: Document, rules: Sequence[Rule]) -> str:
    for rule in rules:
        if reference in {rule.title, rule.head.name, rule.head.id} - {""}:
            return rule.title
    raise _error(document, "rules", f"the rule '{reference}'", "Name a rule of this pack.")


def _seconds(keys: CorrelationKeys, document: Document) -> int:
    seconds = SigmaCorrelationTimespan(keys.timespan).seconds
    if seconds > _LONGEST:
        raise _error(document, "timespan", "a time span above a year", "Shorten it.")
    return seconds


def _threshold(keys: CorrelationKeys, document: Document, rules: int) -> int:
    if keys.type.startswith("temporal"):
        if keys.condition:
            raise _error(document, "condition", "a condition on a temporal correlation", "Remove it.")
        return rules
    for operator, more in (("gte", 0), ("gt", 1)):
        count = keys.condition.get(operator)
        if isinstance(count, int) and count + more > 0:
            return count + more
    raise _error(document, "condition", "a condition other than gt or gte", "Count with gte.")


def _value_field(keys: CorrelationKeys, document: Document) -> str:
    value = keys.condition.get("field", "")
    if (keys.type == "value_count") != (isinstance(value, str) and value != ""):
        raise _error(document, "condition", "this field", "Name one field, for value_count only.")
    return str(value)


def _aliases(keys: CorrelationKeys, document: Document, rules: Sequence[Rule]) -> dict[str, dict[str, str]]:
    return {
        alias: {_title(name, document, rules): field for name, field in fields.items()}
        for alias, fields in keys.aliases.items()
    }


def _error(document: Document, key: str, what: str, remedy: str) -> RuleError:
    where = document.where("correlation", key)
    return RuleError(f"{what} cannot be evaluated here.", where=where, remedy=remedy)
