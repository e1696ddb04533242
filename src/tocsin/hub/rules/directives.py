"""A directive as data: who must do what by when, and what would prove it.

A requirement's answer is one of five, and never a bare yes: *proven* (evidence says so, at a locator),
*claimed* (somebody's word), *missing* (nothing yet, which is not "no"), *excepted* (with a reason and a day
by which it will be done), *not-applicable*. What is proven after its deadline stays proven, and late.

The file's form is `Directive`; `load` refuses what it does not know, such as a proof that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.deadlines import Deadline, deadline, recurring


class Standing(StrEnum):
    """How one requirement stands for one server or organisation, from the best."""

    NOT_APPLICABLE = "not-applicable"
    PROVEN = "proven"
    CLAIMED = "claimed"
    EXCEPTED = "excepted"
    MISSING = "missing"


class Due(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``by`` or ``before`` a wall-clock time; ``named`` is the short name of the zone that the order uses."""

    by: str = ""
    before: str = ""
    named: str = ""


class Repeats(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a requirement comes again after its deadline; ``only`` says what a round has to tell."""

    weeks: int
    times: int
    only: Literal["", "findings"] = ""


class Scope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To which servers a directive or a part of it applies; an empty field asks nothing.

    ``connected_since`` leaves out what no census saw since that day, where the owner's answer to ``question``
    is no: either alone is not enough, for not seen is not absent, and a word is not evidence.
    """

    products: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    connected_since: date | None = None
    question: str = ""


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The directive itself or a supplement, with the day it was given."""

    id: str
    title: str
    issued: date
    applies: Scope = Scope()


class Requirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to be done. It applies where all of ``when`` and one of ``when_any`` are answered so.

    Attributes:
        proof: the name of what proves it (`rules.proofs`); ``finding``: a finding of one of the rules in
            ``shows``. One of a rule in ``finds`` says that what was done brought signs to light.
        found_in: globs over the names of files in which any finding says so too, in lower case.
        fix_released: the update asked for is not older than this.
    """

    id: str
    part: str
    title: str
    proof: str
    per: Literal["server", "organisation"] = "server"
    when: dict[str, bool] = {}
    when_any: tuple[dict[str, bool], ...] = ()
    deadline: Due | None = None
    repeats: Repeats | None = None
    recommended: bool = False
    fix_released: date | None = None
    shows: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
    found_in: tuple[str, ...] = ()

    def applies(self, answers: Mapping[str, bool]) -> bool | None:
        """Whether its branch is taken; None while a question that decides it is unanswered."""
        other = _any([_branch(branch, answers) for branch in self.when_any]) if self.when_any else True
        return _all([_branch(self.when, answers), other])


class Directive(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole order. ``zone`` is that of every deadline in it."""

    id: str
    title: str
    issuer: str
    issued: date
    source: str
    zone: str
    campaigns: tuple[str, ...]
    applies: Scope
    questions: dict[str, str]
    parts: tuple[Part, ...]
    requirements: tuple[Requirement, ...]

    def due(self, requirement: Requirement) -> Deadline | None:
        """When a requirement is due, if the order says."""
        return _due(requirement, self.zone) if requirement.deadline else None

    def rounds(self, requirement: Requirement) -> list[Deadline]:
        """The deadlines of its later rounds, where it recurs."""
        return list(_later(self.due(requirement), requirement.repeats))

    def deadlines(self, requirement: Requirement) -> list[Deadline | None]:
        """The deadline of each round, beginning with round 0, which every requirement has."""
        return [self.due(requirement), *self.rounds(requirement)]

    def today(self, now: datetime) -> date:
        """The day that it is where the order was given."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def given(self, requirement: Requirement) -> datetime:
        """When it was ordered: the beginning of the day of its part, in the order's zone."""
        day = next(part.issued for part in self.parts if part.id == requirement.part)
        return datetime.combine(day, time(), tzinfo=ZoneInfo(self.zone))

    def requirement(self, name: str) -> Requirement | None:
        """The requirement of this id, if there is one."""
        return next((each for each in self.requirements if each.id == name), None)


class Proof(Struct, frozen=True, kw_only=True):
    """What stands behind an answer: its standing, when that was so, why, and where to look.

    ``found``: what was done brought signs of compromise to light.
    """

    standing: Standing
    reason: str
    at: datetime | None = None
    locators: tuple[str, ...] = ()
    found: bool = False


class Answer(Struct, frozen=True, kw_only=True):
    """One requirement's answer for one subject at one moment.

    Attributes:
        late: the deadline was missed: done after it, or not done although it has passed.
    """

    requirement: str
    proof: Proof
    due: Deadline | None
    late: bool
    round: int = 0


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of one server or organisation that a proof may use; times are aware.

    Attributes:
        answers: replies to the directive's questions; ``compromise_signs`` is derived from evidence or word.
        proofs: by `proof_name`, what evidence shows; nothing for what nobody has looked at.
        runs: by requirement that one of `TIMED` proves, everything that was found, each with its time.
        words: by requirement and round (``msert``, ``msert#1``), what somebody claims and when.
        exceptions: by requirement, the reason and the day by which it will be done.
        outside: parts that do not apply, each with the reason.
    """

    answers: Mapping[str, bool]
    proofs: Mapping[str, Proof]
    runs: Mapping[str, Sequence[Proof]] = {}
    words: Mapping[str, Proof] = {}
    exceptions: Mapping[str, tuple[str, date]] = {}
    outside: Mapping[str, str] = {}


def answer(
    directive: Directive, requirement: Requirement, facts: Facts, *, now: datetime, number: int = 0
) -> Answer:
    """How a requirement stands ``now``: evidence first, then an exception, then a word; else missing.

    Round 0 is the requirement itself; a later round takes what was done after the deadline of the one before.
    """
    deadlines = directive.deadlines(requirement)
    due = deadlines[number]
    before = deadlines[number - 1] if number else None
    since = before.at if before else directive.given(requirement)
    proof = _proof(requirement, facts, since, due, number, directive.today(now))
    quiet = number > 0 and requirement.repeats is not None and requirement.repeats.only == "findings"
    if quiet and proof.standing is Standing.MISSING:
        proof = msgspec.structs.replace(proof, reason=SILENT)
    late = _late(proof, due, now) and not (quiet and proof.standing is Standing.MISSING)
    return Answer(requirement=requirement.id, proof=proof, due=due, late=late, round=number)


SILENT = "only findings are to be reported in this round: silence is allowed, and shows nothing"


def key(requirement: str, number: int) -> str:
    """How words name a requirement in a round."""
    return f"{requirement}#{number}" if number else requirement


def _proof(
    requirement: Requirement,
    facts: Facts,
    since: datetime,
    due: Deadline | None,
    number: int,
    today: date,
) -> Proof:
    if requirement.part in facts.outside:
        return Proof(standing=Standing.NOT_APPLICABLE, reason=facts.outside[requirement.part])
    applies = requirement.applies(facts.answers)
    if applies is False:
        return Proof(standing=Standing.NOT_APPLICABLE, reason="another branch of the directive applies")
    shown = _shown(requirement, facts, since, due, number)
    if shown is not None and shown.standing is Standing.PROVEN:
        return shown
    excepted = facts.exceptions.get(requirement.id)
    if excepted is not None and excepted[1] >= today:
        return Proof(standing=Standing.EXCEPTED, reason=f"{excepted[0]}; to be done by {excepted[1]}")
    word = facts.words.get(key(requirement.id, number))
    if word is not None and not (shown and word.standing is Standing.MISSING):
        return _only_a_word(word)
    return shown or Proof(standing=Standing.MISSING, reason=_why_missing(requirement, applies=applies))


def _only_a_word(word: Proof) -> Proof:
    """A word proves nothing, whatever it calls itself."""
    if word.standing in {Standing.CLAIMED, Standing.MISSING}:
        return word
    return msgspec.structs.replace(word, standing=Standing.CLAIMED)


def _shown(
    requirement: Requirement, facts: Facts, since: datetime, due: Deadline | None, number: int
) -> Proof | None:
    """What evidence shows for one round: the first that was done in its time, what is proven before the rest.

    A later round takes nothing that was done after its deadline: that belongs to the next.
    """
    if requirement.proof not in TIMED:
        return facts.proofs.get(proof_name(requirement)) if number == 0 else None
    until = due if number else None
    runs = [
        run
        for run in facts.runs.get(requirement.id, ())
        if run.at is not None
        and (run.at > since or (run.at == since and not number))
        and (until is None or until.met(run.at))
    ]
    runs.sort(key=lambda run: (run.standing is not Standing.PROVEN, run.at))
    if not runs:
        return None
    shown = runs[0]
    if requirement.repeats and due is not None:  # what a later scan finds belongs to its own round
        runs = [run for run in runs if run.at == shown.at or (run.at is not None and due.met(run.at))]
    return msgspec.structs.replace(shown, found=any(run.found for run in runs))


BY_FINDING = "finding"
"""The proof of what a finding of the assessment shows."""

BY_INCIDENT = "incident-reported"
"""The proof that an incident was reported here."""

TIMED = frozenset({BY_FINDING, BY_INCIDENT})
"""Proofs by what happened at a time: what is older than the order does not count."""


def proof_name(requirement: Requirement) -> str:
    """How `Facts.proofs` names what proves it: an update of another day is another proof."""
    day = requirement.fix_released
    return f"{requirement.proof}@{day}" if day else requirement.proof


def _why_missing(requirement: Requirement, *, applies: bool | None) -> str:
    if applies is None:
        asked = sorted({name for branch in (requirement.when, *requirement.when_any) for name in branch})
        return f"not yet known whether it applies: {', '.join(asked)}"
    return "no evidence and no answer yet"


def _late(proof: Proof, due: Deadline | None, now: datetime) -> bool:
    if due is None or proof.standing in {Standing.NOT_APPLICABLE, Standing.EXCEPTED}:
        return False
    done = proof.at if proof.standing in {Standing.PROVEN, Standing.CLAIMED} else None
    return not due.met(done or now)


def load(path: Path, *, proofs: frozenset[str]) -> Directive:
    """Read a directive's file and prove that it makes sense.

    Args:
        path: ``directive.yaml``.
        proofs: the names of proofs that somebody has written.

    Raises:
        UsageFault: it cannot be read, names an unknown proof, part or question, or a deadline that does not
        exist.
    """
    try:
        directive = msgspec.yaml.decode(path.read_bytes(), type=Directive)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageFault(f"cannot read the directive: {error}", where=str(path)) from error
    for fault in _faults(directive, proofs):
        raise UsageFault(fault, where=str(path))
    for requirement in directive.requirements:
        directive.due(requirement)
    return directive


def _faults(directive: Directive, proofs: frozenset[str]) -> list[str]:
    ids = [requirement.id for requirement in directive.requirements]
    asked = {*directive.questions, "compromise_signs"}
    parts = {part.id for part in directive.parts}
    scopes = (directive.applies, *(part.applies for part in directive.parts))
    strange = {scope.question for scope in scopes if scope.question} - set(directive.questions)
    found = [f"{name} stands twice" for name in sorted(set(ids)) if ids.count(name) > 1]
    found += [f"no question is called {name}" for name in sorted(strange)]
    for one in directive.requirements:
        found += [f"{one.id}: no part is called {one.part}"] if one.part not in parts else []
        found += [f"{one.id}: nobody wrote the proof {one.proof}"] if one.proof not in proofs else []
        named = {name for branch in (one.when, *one.when_any) for name in branch}
        found += [f"{one.id}: no question is called {name}" for name in sorted(named - asked)]
        found += [f"{one.id}: no rule shows it"] if (one.proof == BY_FINDING) is not bool(one.shows) else []
        updated = one.proof in {"patched", "patched-or-disconnected"}
        found += [f"{one.id}: {one.proof} knows no fix"] if one.fix_released and not updated else []
        found += [f"{one.id}: it recurs without a first deadline"] if one.repeats and not one.deadline else []
    return found


@lru_cache(maxsize=1 << 10)
def _later(first: Deadline | None, repeats: Repeats | None) -> tuple[Deadline, ...]:
    return tuple(recurring(first, weeks=repeats.weeks, times=repeats.times)) if first and repeats else ()


def _due(requirement: Requirement, zone: str) -> Deadline:
    due = requirement.deadline or Due()
    if bool(due.by) == bool(due.before):
        raise UsageFault(f"{requirement.id}: give its deadline as either by or before")
    return deadline(
        due.by or due.before, zone=zone, named=due.named, strict=bool(due.before), says=requirement.title
    )


def _branch(branch: Mapping[str, bool], answers: Mapping[str, bool]) -> bool | None:
    return _all([None if name not in answers else answers[name] is wanted for name, wanted in branch.items()])


def _all(verdicts: list[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _any(verdicts: list[bool | None]) -> bool | None:
    if True in verdicts:
        return True
    return None if None in verdicts else False
