"""Would a URL Rewrite rule stop a given request? Answered yes, no or cannot tell (None).

Rules come out of evidence, so their patterns are hostile: Python's engine backtracks without bound,
and has no clock. Every pattern is therefore costed before it runs (repeats, alternatives, length
of the value); one that could take long is not run and answers None. IIS compares ECMAScript
patterns unanchored and without case unless ``ignoreCase`` says otherwise.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from math import comb

from msgspec import Struct

from tocsin.model.expressions import compiled
from tocsin.model.places import Locator

LONGEST_PATTERN = 400
LONGEST_VALUE = 64
MOST_STEPS = 50_000_000
"""Worst case of one comparison; about a second."""
MOST_STEPS_ALTOGETHER = 1_000_000_000
"""Worst case of one configuration; the known patterns cost nothing."""

Verdict = bool | None


class Condition(Struct, frozen=True, kw_only=True):
    """One condition of a rule. ``plain``: it compares a pattern (and not a file's existence)."""

    input: str
    pattern: str
    negate: bool
    ignore_case: bool
    plain: bool


class Rule(Struct, frozen=True, kw_only=True):
    """One rule of a configuration, inbound or outbound.

    ``base`` is the URL path at which it is defined; its URL pattern is relative to that.
    """

    name: str
    base: str
    enabled: bool
    stops: bool
    syntax: str
    url: str
    variable: str
    pattern: str
    negate: bool
    ignore_case: bool
    grouping_any: bool
    conditions: tuple[Condition, ...]
    complete: bool
    precondition: str
    action: str
    value: str
    locator: Locator


class Precondition(Struct, frozen=True, kw_only=True):
    """A named set of conditions under which outbound rules run."""

    name: str
    syntax: str
    grouping_any: bool
    conditions: tuple[Condition, ...]
    complete: bool


def rule_of(fields: Mapping[str, str | None], base: str, locator: Locator) -> Rule:
    """Give the rule that an ``iis.config`` record describes."""
    return Rule(
        name=fields.get("Name") or "",
        base=base,
        enabled=not _is(fields.get("Enabled"), "false"),
        stops=_is(fields.get("StopProcessing"), "true"),
        syntax=(fields.get("PatternSyntax") or "ECMAScript").lower(),
        url=fields.get("MatchUrl") or "",
        variable=fields.get("MatchServerVariable") or "",
        pattern=fields.get("MatchPattern") or "",
        negate=_is(fields.get("MatchNegate"), "true"),
        ignore_case=not _is(fields.get("MatchIgnoreCase"), "false"),
        grouping_any=_is(fields.get("ConditionGrouping"), "matchany"),
        conditions=_conditions(fields),
        complete=_complete(fields),
        precondition=fields.get("PreCondition") or "",
        action=fields.get("Action") or "None",
        value=fields.get("ActionValue") or "",
        locator=locator,
    )


def precondition_of(fields: Mapping[str, str | None]) -> Precondition:
    """Give the precondition that an ``iis.config`` record describes."""
    return Precondition(
        name=fields.get("Name") or "",
        syntax=(fields.get("PatternSyntax") or "ECMAScript").lower(),
        grouping_any=_is(fields.get("ConditionGrouping"), "matchany"),
        conditions=_conditions(fields),
        complete=_complete(fields),
    )


def _is(value: str | None, word: str) -> bool:
    return value is not None and value.strip().lower() == word


def _count(fields: Mapping[str, str | None]) -> int:
    return int(fields.get("Conditions") or 0)


def _complete(fields: Mapping[str, str | None]) -> bool:
    count = _count(fields)
    return count == 0 or f"Condition{count}Input" in fields


def _conditions(fields: Mapping[str, str | None]) -> tuple[Condition, ...]:
    found = []
    for number in range(1, _count(fields) + 1):
        start = f"Condition{number}"
        if f"{start}Input" not in fields:
            break
        match_type = fields.get(f"{start}MatchType")
        found.append(
            Condition(
                input=canonical_input(fields.get(f"{start}Input") or ""),
                pattern=fields.get(f"{start}Pattern") or "",
                negate=_is(fields.get(f"{start}Negate"), "true"),
                ignore_case=not _is(fields.get(f"{start}IgnoreCase"), "false"),
                plain=match_type is None or _is(match_type, "pattern"),
            )
        )
    return tuple(found)


def canonical_input(name: str) -> str:
    """Give a server variable without what makes no difference: case, blanks, ``-`` for ``_``."""
    return re.sub(r"\s+", "", name).replace("-", "_").upper()


def canonical_pattern(pattern: str) -> str:
    """Give a pattern without what makes no difference: case, outer blanks, idle escapes and groups."""
    text = re.sub(r"\\([@/=~_:;,<>\"' -])", r"\1", pattern.strip())
    text = re.sub(r"\((\.[*+]\??)\)", r"\1", text)
    return text.lower()


class Judge:
    """Evaluates rules against values; keeps what it has already compared, within one budget."""

    def __init__(self) -> None:
        """Start with the whole budget."""
        self._known: dict[tuple[str, str, str, bool], Verdict] = {}
        self._left = MOST_STEPS_ALTOGETHER

    def fires(self, rule: Rule, url: str, inputs: Mapping[str, str]) -> Verdict:
        """Say whether an inbound rule fires.

        Args:
            rule: enabled or not; that is for the caller to look at.
            url: path relative to the rule's base, without a leading slash.
            inputs: server variables (canonical) and their values; others cannot be told.
        """
        matched = self.matches(rule.syntax, rule.url, url, ignore_case=rule.ignore_case)
        here = None if matched is None else matched != rule.negate
        asked = self.meets(rule.syntax, rule.conditions, inputs, any_of=rule.grouping_any)
        return _all([here, asked if rule.complete else None if asked else asked])

    def trust(self, rule: Rule, patterns: Iterable[str], values: Iterable[str]) -> None:
        """Take it as known that these patterns match these values, in a rule that compares as usual."""
        known = {canonical_pattern(one) for one in patterns}
        if rule.syntax in {"exactmatch", "wildcard"}:
            return
        for condition in rule.conditions:
            if condition.ignore_case and canonical_pattern(condition.pattern) in known:
                for value in values:
                    self._known[rule.syntax, condition.pattern, value, True] = True

    def meets(
        self, syntax: str, conditions: Iterable[Condition], inputs: Mapping[str, str], *, any_of: bool
    ) -> Verdict:
        """Say whether conditions hold; no condition holds always."""
        answers = [self._holds(syntax, one, inputs) for one in conditions]
        if not answers:
            return True
        return _any(answers) if any_of else _all(answers)

    def _holds(self, syntax: str, condition: Condition, inputs: Mapping[str, str]) -> Verdict:
        value = inputs.get(condition.input)
        if value is None or not condition.plain:
            return None
        matched = self.matches(syntax, condition.pattern, value, ignore_case=condition.ignore_case)
        return None if matched is None else matched != condition.negate

    def matches(self, syntax: str, pattern: str, value: str, *, ignore_case: bool) -> Verdict:
        """Compare a pattern with a value as IIS would; None if that cannot be told."""
        name = (syntax, pattern, value, ignore_case)
        if name not in self._known:
            self._known[name] = self._compare(*name)
        return self._known[name]

    def _compare(self, syntax: str, pattern: str, value: str, ignore_case: bool) -> Verdict:  # noqa: FBT001 - the cache's key, spread
        if len(pattern) > LONGEST_PATTERN or len(value) > LONGEST_VALUE:
            return None
        if syntax == "exactmatch":
            return value.lower() == pattern.lower() if ignore_case else value == pattern
        if syntax == "wildcard":
            pattern = "^" + re.sub(r"\\\*(?:\\\*)*", "(.*)", re.escape(pattern)).replace(r"\?", ".") + "$"
        steps = cost(pattern, len(value))
        if steps is None or steps > min(MOST_STEPS, self._left):
            return None
        self._left -= steps
        try:
            with warnings.catch_warnings():
                # a class that Python may one day read otherwise than ECMAScript does
                warnings.simplefilter("error", FutureWarning)
                found = compiled(pattern, re.IGNORECASE if ignore_case else 0).search(value)
        except (re.error, FutureWarning, RecursionError, OverflowError):
            return None
        return found is not None


def _all(answers: list[Verdict]) -> Verdict:
    if False in answers:
        return False
    return None if None in answers else True


def _any(answers: list[Verdict]) -> Verdict:
    if True in answers:
        return True
    return None if None in answers else False


# --- the cost of a pattern --------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      \\.
    | \[\^?\]?(?:\\.|[^\]\\])*\]
    | (?P<open>\((?:\?(?:[:=!]|<[=!]|P?<\w+>))?)
    | (?P<close>\))
    | (?P<or>\|)
    | (?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


class _Group:
    """One open group: whether it repeats something, and how many branches it has."""

    def __init__(self) -> None:
        self.repeats = False
        self.branches = 1


def cost(pattern: str, length: int) -> int | None:
    """Bound the steps of an unanchored search in a value of that length; None: no bound is known.

    Without nested repeats, ``r`` repeats can share ``length`` characters in
    ``comb(length + r, r)`` ways, for each choice of branches and each starting point.
    """
    stack, closed = [_Group()], None
    repeats, choices = 0, 1
    for match in _TOKEN.finditer(pattern):
        kind = match.lastgroup
        if kind == "repeat":
            if closed and (closed.repeats or closed.branches > 1):
                return None
            repeats += match.group() not in {"?", "??"}
            choices *= 2 if match.group() in {"?", "??"} else 1
            stack[-1].repeats = True
        closed = None
        if kind == "open":
            stack.append(_Group())
        elif kind == "close" and len(stack) > 1:
            closed = stack.pop()
            stack[-1].repeats |= closed.repeats
            stack[-1].branches = max(stack[-1].branches, closed.branches)
            choices *= closed.branches
        elif kind == "or":
            stack[-1].branches += 1
    if re.search(r"\\[1-9]", pattern):
        return None
    return (length + 1) * comb(length + repeats, repeats) * choices * stack[0].branches
