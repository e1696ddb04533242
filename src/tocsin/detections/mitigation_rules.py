"""How good is the best rule at one path against what a mitigation must stop?"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.detections.iis_layout import Layout
from tocsin.detections.rewrite import (
    Judge,
    Precondition,
    Rule,
    Verdict,
    canonical_input,
    canonical_pattern,
    precondition_of,
    rule_of,
)
from tocsin.model.places import Locator
from tocsin.packs.schema import MitigationFile, RewriteRule

MOST_RULES = 1_000
"""Rules in force at one path that are judged."""


class Outcome(IntEnum):
    """What the best rule at a path achieves."""

    ABSENT = 0
    IDLE = 1
    """A rule is there, and stops nothing: it is disabled, or acts otherwise."""
    SHORT = 2
    """A rule is there, and does not stop all that it should."""
    FULL = 3


class Found(Struct, frozen=True, kw_only=True):
    """One wanted rule at one path: the best that stands there, and what is wrong with it."""

    path: str
    outcome: Outcome
    why: str
    locator: Locator | None


def rules_at(mitigation: MitigationFile, layout: Layout, judge: Judge, path: str) -> list[Found]:
    """Look for every rule of a mitigation at one path."""
    return [_best(wanted, layout, judge, path) for wanted in mitigation.rewrite]


def _best(wanted: RewriteRule, layout: Layout, judge: Judge, path: str) -> Found:
    grader = _Grader(wanted, judge, path, _preconditions(layout, path) if wanted.outbound else {})
    rules = _in_force(layout, path, "outboundRules" if wanted.outbound else "rules")
    if not wanted.outbound:
        rules = [*_in_force(layout, path, "globalRules"), *rules]
    best = Found(
        path=path,
        outcome=Outcome.ABSENT,
        why=f"No rule like '{wanted.name}' is in force.",
        locator=None,
    )
    if len(rules) > MOST_RULES:
        return replace(
            best, outcome=Outcome.SHORT, why=f"More than {MOST_RULES:,} rules: judge them by hand."
        )
    blocked_by: Rule | None = None
    for rule in rules:
        outcome, why = grader.grade(rule)
        if outcome is Outcome.FULL and blocked_by is not None:
            outcome, why = Outcome.SHORT, f"'{blocked_by.name}' stops processing before '{rule.name}' runs."
        if outcome > best.outcome:
            best = Found(path=path, outcome=outcome, why=why, locator=rule.locator)
        if blocked_by is None and grader.lets_through(rule):
            blocked_by = rule
    return best


def _in_force(layout: Layout, path: str, collection: str) -> list[Rule]:
    rules: list[Rule] = []
    for base, one in layout.in_force(path, "rewrite-rule", collection):
        op = one.get("Op")
        if op == "clear":
            rules = []
        elif op == "remove":
            rules = [rule for rule in rules if rule.name != one.get("Name")]
        else:
            rules.append(rule_of(one.fields, base, one.locator))
    return rules


def _preconditions(layout: Layout, path: str) -> dict[str, Precondition]:
    found = (precondition_of(one.fields) for _, one in layout.in_force(path, "rewrite-precondition"))
    return {one.name: one for one in found}


class _Grader:
    """Grades rules against one wanted rule at one path."""

    def __init__(
        self, wanted: RewriteRule, judge: Judge, path: str, preconditions: dict[str, Precondition]
    ) -> None:
        self.wanted = wanted
        self.judge = judge
        self.path = path
        self.preconditions = preconditions
        self.input = canonical_input(wanted.input)
        self.weak = {canonical_input(one) for one in wanted.bypassable_inputs}
        self.also = {canonical_input(name): values for name, values in wanted.also.items()}
        self.known = {canonical_pattern(one) for one in wanted.patterns}
        self.bypassable = {canonical_pattern(one) for one in wanted.bypassable}

    def grade(self, rule: Rule) -> tuple[Outcome, str]:
        """Say how good a rule is, and what is wrong with it."""
        self.judge.trust(rule, self.wanted.patterns, self.wanted.must_match)
        related = self._rewrites(rule) if self.wanted.outbound else self._asks(rule)
        if not related:
            return Outcome.ABSENT, ""
        if why := self._fault(rule):
            idle = not rule.enabled or not self._blocks(rule)
            return Outcome.IDLE if idle else Outcome.SHORT, f"'{rule.name}' {why}."
        harm = "" if self.wanted.outbound else self._harm(rule)
        return Outcome.FULL, harm

    def lets_through(self, rule: Rule) -> bool:
        """Whether a rule ends processing for all that should be stopped, without stopping it."""
        if self.wanted.outbound or not rule.enabled or not rule.stops or self._blocks(rule):
            return False
        return all(self._fires(rule, value) is True for value in self.wanted.must_match)

    # --- is it about this at all? -------------------------------------------------------------

    def _asks(self, rule: Rule) -> bool:
        """A rule is about this if it asks the same question, whatever it then does."""
        return any(
            one.input in {self.input, *self.weak}
            and (
                canonical_pattern(one.pattern) in self.known | self.bypassable
                or self._hits(rule, one.pattern, ignore_case=one.ignore_case)
            )
            for one in rule.conditions
        )

    def _hits(self, rule: Rule, pattern: str, *, ignore_case: bool) -> bool:
        """It matches what must be stopped, and not simply everything."""
        match = self.judge.matches
        hit = any(
            match(rule.syntax, pattern, value, ignore_case=ignore_case) for value in self.wanted.must_match
        )
        return hit and not match(rule.syntax, pattern, "", ignore_case=ignore_case)

    def _rewrites(self, rule: Rule) -> bool:
        same_variable = canonical_input(rule.variable) == canonical_input(self.wanted.variable)
        return same_variable and (
            self.wanted.value_holds.lower() in rule.value.lower() or rule.name == self.wanted.name
        )

    # --- what is wrong with it? ---------------------------------------------------------------

    def _fault(self, rule: Rule) -> str:
        if not rule.enabled:
            return "is disabled"
        if not self._blocks(rule):
            return f"does not act as it should (action {rule.action})"
        if self.wanted.outbound:
            return self._outbound_fault(rule)
        if any(canonical_pattern(one.pattern) in self.bypassable for one in rule.conditions):
            return "has an early pattern that can be got round"
        if not any(one.input == self.input for one in rule.conditions):
            return f"asks for {rule.conditions[0].input} and not for {self.input}, which can be got round"
        return self._reach([self._fires(rule, value) for value in self.wanted.must_match], rule)

    def _blocks(self, rule: Rule) -> bool:
        return rule.action.lower() in {one.lower() for one in self.wanted.actions}

    def _reach(self, answers: list[Verdict], rule: Rule) -> str:
        if all(answers):
            return ""
        if False in answers:
            return "does not stop every known form of the attack here"
        known = {self.input, *self.also}
        others = sorted({one.input for one in rule.conditions} - known)
        if others:
            return f"also depends on {', '.join(others)}"
        return "has a pattern that cannot be judged; look at it by hand"

    def _fires(self, rule: Rule, value: str) -> Verdict:
        inputs = {self.input: value, **{name: values[0] for name, values in self.also.items() if values}}
        return self.judge.fires(rule, self._url(rule), inputs)

    def _url(self, rule: Rule) -> str:
        inner = self.path[len(rule.base.rstrip("/")) :].strip("/")
        return f"{inner}/x" if inner else "x"

    def _harm(self, rule: Rule) -> str:
        if any(self._fires(rule, value) for value in self.wanted.must_not_match):
            return f"'{rule.name}' also stops ordinary requests."
        return ""

    def _outbound_fault(self, rule: Rule) -> str:
        if self.wanted.value_holds.lower() not in rule.value.lower():
            return "writes another value"
        matched = [
            self.judge.matches(rule.syntax, rule.pattern or ".*", value, ignore_case=rule.ignore_case)
            for value in self.wanted.must_match
        ]
        if rule.negate or not all(matched):
            return "does not rewrite every form of the header"
        return self._precondition_fault(rule)

    def _precondition_fault(self, rule: Rule) -> str:
        before = self.preconditions.get(rule.precondition)
        if rule.precondition and before is None:
            return f"names a precondition that is not there ('{rule.precondition}')"
        for inputs in self._situations():
            answers = [self.judge.meets(rule.syntax, rule.conditions, inputs, any_of=rule.grouping_any)]
            if before:
                answers.append(
                    self.judge.meets(before.syntax, before.conditions, inputs, any_of=before.grouping_any)
                )
            if not all(answers):
                return "does not run for every response that needs it"
        return ""

    def _situations(self) -> Iterable[dict[str, str]]:
        usual = {name: values[0] for name, values in self.also.items() if values}
        yield usual
        for name, values in self.also.items():
            yield from ({**usual, name: value} for value in values)
