"""What people and assessments say of a server, and what each kind of saying may do.

Bad news is believed at any grade; good news only at the grade that its step asks for. An owner's word moves
nothing on the exposure axis: `attested` is kept beside the state and shown with it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.hub.rules.words import Compromise, Exposure, Grade

LONGEST_FALSE_POSITIVE = timedelta(days=365)
"""A judgement that a source errs is asked for again after a year at the latest (as BOD 19-02 has it)."""

GRADES = tuple(Grade)
"""From the least."""


class Kind(StrEnum):
    """Kinds of decision."""

    ASSESSMENT = "assessment"
    ATTESTED = "attested"
    FALSE_POSITIVE = "false-positive"
    RETIRED = "retired"
    DISCONNECTED = "disconnected"
    CONTAINED = "contained"
    REMOVED = "removed"
    ACCEPTED_RISK = "accepted-risk"
    WITHDRAWN = "withdrawn"


BY_HAND = frozenset(Kind) - {Kind.ASSESSMENT}
"""What a person may decide without evidence."""

HEARD = frozenset({Exposure.VULNERABLE, Exposure.PARTLY_MITIGATED})
"""What is believed of the exposure at any grade: bad news."""

WORDS = frozenset({Kind.ASSESSMENT, Kind.ATTESTED, Kind.REMOVED})
"""What somebody without an account may say: none of it closes anything."""

NEEDS_UNTIL = frozenset({Kind.FALSE_POSITIVE})
EXPOSURE_OF = {Kind.RETIRED: Exposure.RETIRED, Kind.DISCONNECTED: Exposure.DISCONNECTED}


class Told(Struct, frozen=True, kw_only=True):
    """One decision as the folds take it.

    Attributes:
        kind: what is said.
        day: number of the day (`rules.days`) on which it was true; of an assessment, of its evidence.
        moment: seconds since 1970 of the same, to order decisions of one day.
        grade: how far it carries.
        exposure: what an assessment says of the exposure, or None.
        compromise: what an assessment shows was done, or None.
        present: an assessment shows that something is still there.
        clean: every condition of ``verified-clean`` but those of time is met (`objections` gave none).
        until: number of the last day of a false positive, or None.
    """

    kind: Kind
    day: int
    moment: float
    grade: Grade
    exposure: Exposure | None = None
    compromise: Compromise | None = None
    present: bool = False
    clean: bool = False
    until: int | None = None

    @property
    def order(self) -> tuple[int, int, float, str]:
        """Days in order; inside one day the better evidence speaks last."""
        return (self.day, GRADES.index(self.grade), self.moment, self.kind.value)


class Proposal(Struct, frozen=True, kw_only=True):
    """A decision that somebody wants to make; `refuse` says why not."""

    kind: Kind
    at: datetime
    now: datetime
    reason: str
    grade: Grade = Grade.SELF_REPORTED
    until: date | None = None


def refuse(proposal: Proposal) -> str | None:
    """Give the reason for which a decision cannot be made as it stands, or None."""
    if proposal.kind is not Kind.ASSESSMENT and not proposal.reason.strip():
        return "a decision needs a reason"
    if proposal.at > proposal.now:
        return "a decision cannot be about the future"
    if proposal.kind not in NEEDS_UNTIL:
        return "only a false positive ends by itself" if proposal.until else None
    if proposal.until is None:
        return "a false positive needs the day on which it ends"
    if not timedelta() <= proposal.until - proposal.at.date() <= LONGEST_FALSE_POSITIVE:
        return f"a false positive lasts from its own day to {LONGEST_FALSE_POSITIVE.days} days after it"
    return None


def refuse_heard(kind: Kind, *, good: bool) -> str | None:
    """Give why somebody without an account cannot say this, or None: good news needs an analyst."""
    if kind not in WORDS:
        return "only an analyst decides this"
    return "good news is confirmed by an analyst" if good else None


class CleanEvidence(Struct, frozen=True, kw_only=True):
    """What an assessment brings towards ``verified-clean``.

    Attributes:
        grade: how far the evidence carries.
        window_covered: its logs cover the exposure window.
        residual_none: nothing was seen that is still there.
        shells_gone: every known web shell is absent on disk, or its removal is evidenced.
        conditions_met: the pack's own conditions, if it has any.
        analyst: who says so, by name.
    """

    grade: Grade
    window_covered: bool
    residual_none: bool
    shells_gone: bool
    conditions_met: bool = True
    analyst: str = ""


def objections(evidence: CleanEvidence) -> list[str]:
    """Say what stands between an assessment and ``verified-clean``, apart from when it was collected."""
    asked = (
        (
            evidence.grade is Grade.RE_ASSESSED,
            "the evidence was not assessed by the hub or an accredited responder",
        ),
        (evidence.window_covered, "the logs do not cover the exposure window"),
        (evidence.residual_none, "something is still there, or nobody could tell"),
        (evidence.shells_gone, "a known web shell is not shown to be gone"),
        (evidence.conditions_met, "the campaign's own conditions are not met"),
        (bool(evidence.analyst.strip()), "no analyst answers for it by name"),
    )
    return [why for met, why in asked if not met]
