"""What those who carry other people's servers are told, what they may answer, and how long that takes.

A carrier (an internet provider, a hoster, a managed-service provider) can reach owners whom the hub cannot.
It is told which of the servers in its scope are open. Whether somebody was inside is told only to carriers
that agreed to keep it between themselves and the customer: a victim's data is shown to no one who need not
see it. What a carrier answers is its word; it changes neither axis of the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import inf

from msgspec import Struct

from tocsin.hub.rules.survival import Duration, half_life, kaplan_meier
from tocsin.hub.rules.words import OPEN, Compromise, Exposure

SECONDS = 86_400
EARLIEST = timedelta(days=366)
NOT_TOLD = "not told"


class Label(StrEnum):
    """Traffic light protocol 2.0 (FIRST, 2022), from the widest circle to the narrowest."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def narrowness(self) -> int:
        """0 for the widest circle."""
        return list(Label).index(self)


class CarrierKind(StrEnum):
    """What a carrier does for those whom it carries."""

    PROVIDER = "internet-provider"
    HOSTER = "hoster"
    MANAGED = "managed-service-provider"
    SECTOR = "sector-cert"


class Why(StrEnum):
    """Why a server stands in a slice."""

    EXPOSURE = "exposure"
    COMPROMISE = "compromise"


class RowState(StrEnum):
    """What a carrier says of one row. Silence is ``no-answer``, and nothing else."""

    NO_ANSWER = "no-answer"
    TAKEN_ON = "taken-on"
    PASSED_ON = "passed-on"
    CANNOT_REACH = "cannot-reach"
    NOT_OURS = "not-ours"
    FIXED = "fixed"


ANSWERS = tuple(state for state in RowState if state is not RowState.NO_ANSWER)
INSIDE = frozenset(
    {
        Compromise.SUSPECTED,
        Compromise.CONFIRMED,
        Compromise.CONTAINED,
        Compromise.REMOVED,
    }
)
"""States in which somebody was inside and it is not shown to be over."""


class Terms(Struct, frozen=True, kw_only=True):
    """What was agreed with a carrier.

    Attributes:
        ceiling: the narrowest label that it undertook to respect.
        compromise: it agreed in writing to treat compromise in confidence.
        owners: it may see the hub's name for a server's owner.
    """

    ceiling: Label = Label.AMBER
    compromise: bool = False
    owners: bool = False

    @property
    def tells_anything(self) -> bool:
        """Whether it may be told of anybody's server at all."""
        return self.ceiling.narrowness >= Label.AMBER.narrowness

    @property
    def tells_compromise(self) -> bool:
        """Whether it may learn that somebody was inside: the agreement, and a label that holds it."""
        return self.compromise and self.ceiling.narrowness >= Label.AMBER_STRICT.narrowness


def belongs(exposure: str, compromise: str, terms: Terms) -> Why | None:
    """Why a server in scope, at this place on both axes, is told to a carrier, or None: it is not."""
    if not terms.tells_anything:
        return None
    if exposure in OPEN and exposure != Exposure.UNKNOWN:
        return Why.EXPOSURE
    return Why.COMPROMISE if terms.tells_compromise and compromise in INSIDE else None


def told_compromise(compromise: str, terms: Terms) -> str:
    """What a carrier reads where a member of staff reads the compromise axis."""
    return compromise if terms.tells_compromise else NOT_TOLD


def label_of(compromise: str, terms: Terms) -> Label:
    """How a row is marked: with a victim's state narrower than without."""
    strict = terms.tells_compromise and compromise not in {Compromise.UNKNOWN, Compromise.TARGETED}
    return Label.AMBER_STRICT if strict else Label.AMBER


class Answer(Struct, frozen=True, kw_only=True):
    """What a carrier says of a row."""

    state: RowState
    day: date | None = None
    note: str = ""


def refuse(answer: Answer, today: date) -> str | None:
    """Why an answer cannot be taken as it stands, or None."""
    if answer.state not in ANSWERS:
        return "silence is no answer that can be given"
    if answer.state is RowState.PASSED_ON and answer.day is None:
        return "say on which day it was passed on to the customer"
    if answer.day and not today - EARLIEST <= answer.day <= today:
        return "the day lies in the future, or more than a year back"
    if answer.state in {RowState.CANNOT_REACH, RowState.NOT_OURS} and not answer.note.strip():
        return "say why: what was tried, or whose it is"
    return None


class Wait(Struct, frozen=True, kw_only=True):
    """From when one thing was waited for, and when it came; None: not yet."""

    began: datetime
    came: datetime | None = None


class TimeTo(Struct, frozen=True, kw_only=True):
    """How long one thing took.

    Attributes:
        asked: of how many.
        came: for how many it came.
        median: days until it came for half of all, those still waiting included; None: not yet for half.
        low: lower end of the median's interval (95 %); None: unknown.
        high: upper end; None: unknown.
    """

    asked: int
    came: int
    median: float | None
    low: float | None
    high: float | None


def time_to(waits: Iterable[Wait], now: datetime) -> TimeTo:
    """Days until it came, by Kaplan and Meier: who still waits counts for as long as he has waited."""
    durations = [_duration(wait, now) for wait in waits]
    if not durations:
        return TimeTo(asked=0, came=0, median=None, low=None, high=None)
    half = half_life(kaplan_meier(durations))
    return TimeTo(
        asked=len(durations),
        came=sum(one.fixed for one in durations),
        median=_finite(half.days),
        low=_finite(half.low),
        high=_finite(half.high),
    )


def _duration(wait: Wait, now: datetime) -> Duration:
    until = wait.came or now
    days = max(0.0, (until - wait.began).total_seconds() / SECONDS)
    return Duration(days=days, fixed=wait.came is not None)


def _finite(days: float) -> float | None:
    return None if days == inf else days
