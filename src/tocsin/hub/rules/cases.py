"""One case: a web shell, or a compromise, on one server in one campaign. Its state is a fold over facts.

Facts may be learned in any order: each says when it was so, and the fold goes by that. An owner's word, a
census and an analyst move a case forward; only re-assessed evidence, collected after the last claim of
removal and after whoever saw it last, closes it as ``verified-removed``, and only if an analyst answers for
that by name. A signed exception closes it as ``accepted-risk``. Whatever is seen after a claim or a closing
makes it ``reappeared``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.hub.rules.words import Grade


class CaseKind(StrEnum):
    """What a case is about."""

    WEBSHELL = "webshell"
    COMPROMISE = "compromise"


class CaseState(StrEnum):
    """Where a case stands. ``merged``: it turned out to be another case, which goes on."""

    FOUND = "found"
    OWNER_NOTIFIED = "owner-notified"
    ACKNOWLEDGED = "acknowledged"
    REMOVAL_CLAIMED = "removal-claimed"
    REAPPEARED = "reappeared"
    VERIFIED_REMOVED = "verified-removed"
    ACCEPTED_RISK = "accepted-risk"
    MERGED = "merged"


class FactKind(StrEnum):
    """What is learned of a case, in the order in which facts of one moment are heard."""

    SEEN = "seen"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    CLAIMED = "claimed"
    VERIFIED = "verified"
    RISK_ACCEPTED = "risk-accepted"
    MERGED = "merged"


class Source(StrEnum):
    """Who says so."""

    CENSUS = "census"
    ASSESSMENT = "assessment"
    INCIDENT = "incident"
    OWNER = "owner"
    NOTICE = "notice"
    HAND = "hand"


CLOSED = frozenset({CaseState.VERIFIED_REMOVED, CaseState.ACCEPTED_RISK, CaseState.MERGED})
OPEN = frozenset(set(CaseState) - CLOSED)
ALIVE = frozenset({CaseState.FOUND, CaseState.OWNER_NOTIFIED, CaseState.ACKNOWLEDGED, CaseState.REAPPEARED})
"""Open, and nobody claims that it is gone."""

URGENCY = (
    CaseState.REAPPEARED,
    CaseState.FOUND,
    CaseState.OWNER_NOTIFIED,
    CaseState.ACKNOWLEDGED,
    CaseState.REMOVAL_CLAIMED,
    CaseState.ACCEPTED_RISK,
    CaseState.VERIFIED_REMOVED,
    CaseState.MERGED,
)
"""In this order states ask for somebody's work."""

LONGEST_EXCEPTION = timedelta(days=365)
"""A signed exception is looked at again after a year at the latest."""

_ORDER = tuple(FactKind)
_STEPS = {
    FactKind.NOTIFIED: (CaseState.OWNER_NOTIFIED, frozenset({CaseState.FOUND, CaseState.REAPPEARED})),
    FactKind.ACKNOWLEDGED: (
        CaseState.ACKNOWLEDGED,
        frozenset({CaseState.FOUND, CaseState.REAPPEARED, CaseState.OWNER_NOTIFIED}),
    ),
    FactKind.CLAIMED: (CaseState.REMOVAL_CLAIMED, ALIVE | {CaseState.REMOVAL_CLAIMED}),
    FactKind.RISK_ACCEPTED: (CaseState.ACCEPTED_RISK, OPEN),
}
"""Which state a fact leads to, and from where; elsewhere it is kept and changes nothing."""


class CaseFact(Struct, frozen=True, kw_only=True):
    """One fact about a case.

    Attributes:
        kind: what was learned.
        at: when it was so, aware UTC; of evidence, when it was collected.
        until: the last moment at which a sighting may have been: of a census, the end of its day. None for
            ``at``.
        grade: how far the evidence of a verification carries.
        gone: that evidence shows it gone, and every other condition but those of time is met.
        analyst: who answers for a verification or signs an exception.
        number: breaks ties, so that any order of arrival gives one answer.
    """

    kind: FactKind
    at: datetime
    until: datetime | None = None
    grade: Grade = Grade.OBSERVED
    gone: bool = False
    analyst: str = ""
    number: int = 0

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Moments in order; at one moment sightings come first."""
        return (self.at, _ORDER.index(self.kind), self.number)


class CaseFold(Struct, frozen=True, kw_only=True):
    """Where a case stands after all its facts.

    Attributes:
        state: the state.
        since: when it began, or None without facts.
        first_seen: the first sighting.
        seen_until: the last moment at which anybody may have seen it.
        notified: when its owner was told last.
        claimed: the last claim of removal that counted.
        closed: when it was closed, if it is.
        closing: number of the fact that closed it.
        reopened: how often it came back after a claim or a closing.
        path: every change, as moment and state.
    """

    state: CaseState = CaseState.FOUND
    since: datetime | None = None
    first_seen: datetime | None = None
    seen_until: datetime | None = None
    notified: datetime | None = None
    claimed: datetime | None = None
    closed: datetime | None = None
    closing: int | None = None
    reopened: int = 0
    path: tuple[tuple[datetime, CaseState], ...] = ()


def fold(facts: Iterable[CaseFact]) -> CaseFold:
    """Give the state after all facts, which may come in any order."""
    walk = _Walk()
    for fact in sorted(facts, key=lambda one: one.order):
        walk.hear(fact)
    return CaseFold(
        state=walk.state or CaseState.FOUND,
        since=walk.path[-1][0] if walk.path else None,
        first_seen=walk.first_seen,
        seen_until=walk.seen_until,
        notified=walk.notified,
        claimed=walk.claimed,
        closed=walk.path[-1][0] if walk.state in CLOSED else None,
        closing=walk.closing if walk.state in CLOSED else None,
        reopened=walk.reopened,
        path=tuple(walk.path),
    )


class _Walk:
    def __init__(self) -> None:
        self.state: CaseState | None = None
        self.first_seen: datetime | None = None
        self.seen_until: datetime | None = None
        self.notified: datetime | None = None
        self.claimed: datetime | None = None
        self.closing: int | None = None
        self.reopened = 0
        self.path: list[tuple[datetime, CaseState]] = []

    def hear(self, fact: CaseFact) -> None:
        if self.state is CaseState.MERGED:
            return
        if fact.kind is FactKind.SEEN:
            self._see(fact)
        elif fact.kind is FactKind.VERIFIED:
            self._verify(fact)
        elif fact.kind is FactKind.MERGED:
            self._close(fact, CaseState.MERGED)
        else:
            self._step(fact)

    def _see(self, fact: CaseFact) -> None:
        until = max(fact.at, fact.until or fact.at)
        self.first_seen = self.first_seen or fact.at
        self.seen_until = max(self.seen_until or until, until)
        if self.state is None:
            self._go(fact.at, CaseState.FOUND)
        elif self.state is CaseState.REMOVAL_CLAIMED or self.state in CLOSED:
            self.reopened += 1
            self.claimed = None
            self._go(fact.at, CaseState.REAPPEARED)

    def _step(self, fact: CaseFact) -> None:
        state, sources = _STEPS[fact.kind]
        if fact.kind is FactKind.NOTIFIED:
            self.notified = fact.at
        if (self.state or CaseState.FOUND) not in sources or not _signed(fact):
            return
        if fact.kind is FactKind.CLAIMED:
            self.claimed = fact.at
        if state in CLOSED:
            self._close(fact, state)
        else:
            self._go(fact.at, state)

    def _verify(self, fact: CaseFact) -> None:
        if self.state is CaseState.REMOVAL_CLAIMED and _shows_removal(fact) and self._is_later(fact.at):
            self._close(fact, CaseState.VERIFIED_REMOVED)

    def _is_later(self, collected: datetime) -> bool:
        after_claim = self.claimed is not None and collected > self.claimed
        return after_claim and (self.seen_until is None or collected > self.seen_until)

    def _close(self, fact: CaseFact, state: CaseState) -> None:
        self.closing = fact.number
        self._go(fact.at, state)

    def _go(self, at: datetime, state: CaseState) -> None:
        if state is not self.state:
            self.state = state
            self.path.append((at, state))


def _signed(fact: CaseFact) -> bool:
    return fact.kind is not FactKind.RISK_ACCEPTED or bool(fact.analyst.strip())


def _shows_removal(fact: CaseFact) -> bool:
    return fact.gone and fact.grade is Grade.RE_ASSESSED and bool(fact.analyst.strip())


def day_of_census(day: datetime) -> tuple[datetime, datetime]:
    """Give first and last moment of a census's day: it does not say when in it a shell answered."""
    start = day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1, microseconds=-1)
