"""A random order of sending, so that one can tell what notices cause.

Where a batch is larger than an hour's capacity, somebody waits in any case; the order may then be drawn by
lot instead of by name. Off unless a person approves it. Only notices that are equally urgent change places;
those about a compromise, a web shell or a directive, and those to anybody where compromise is suspected, go
first and at once; nobody waits longer than `MOST`. The assignment follows from a seed that is recorded, with
a digest of the whole, before the first message leaves: it can be drawn again and compared.

`effects` compares who was told early with who was told late: fixes caused by telling early. What it takes for
granted stands in `ASSUMED`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import inf

import msgspec
import numpy as np
from msgspec import Struct

from tocsin.hub.rules.interval_censored import DRAWN, Between, Fall, grouped, open_shares, turnbull
from tocsin.hub.rules.notices import INSISTENT, Kind

MOST = timedelta(hours=24)
"""The longest that the lot may make anybody wait; capacity may make everybody wait longer."""
LEAST = 40
"""Notices that a comparison needs at least."""
ARMS = 2
LEVEL = 0.95
HARM = 3
"""So many more compromises among those who wait than among those told stop the trial."""

ASSUMED = (
    "Who was told when was drawn by lot among equally urgent notices: the groups differ by chance alone.",
    "One owner's notice does not make another owner act.",
    "A fix lies between the last look that showed a server open and the first that showed it fixed.",
    "Fixes are counted by organisation: all servers of its notice are fixed.",
    "The late group was told as well, so this is the effect of being told earlier, not of being told at all.",
)


class Unit(Struct, frozen=True, kw_only=True):
    """One notice that might take part."""

    notice: int
    kind: Kind
    urgency: int
    suspected: bool = False
    directed: bool = False  # a directive with a deadline applies to its owner


class Place(Struct, frozen=True, kw_only=True):
    """When one notice is sent: ``wait`` after the batch is let go. ``arm`` is None for who takes no part."""

    notice: int
    wait: timedelta
    arm: int | None = None


def eligible(unit: Unit) -> bool:
    """Whether the lot may decide when this notice is sent."""
    return unit.kind not in INSISTENT and not unit.suspected and not unit.directed


def refuse(units: Iterable[Unit], per_hour: int) -> str | None:
    """Why no order may be drawn for a batch, or None."""
    taking_part = sum(1 for unit in units if eligible(unit))
    if per_hour < 1:
        return "say how many messages an hour can be sent: without that, nothing shows that anybody must wait"
    if taking_part <= per_hour:
        return "everybody can be told within an hour: nobody may be made to wait"
    if taking_part < LEAST:
        return f"fewer than {LEAST} notices would show nothing"
    return None


def assigned(units: Iterable[Unit], *, seed: str, per_hour: int) -> tuple[Place, ...]:
    """The places of all notices, in the order of sending.

    Who takes no part goes first, without waiting. The others follow, the more urgent before the less, in an
    order drawn from the seed; each waits as long as capacity makes its place wait, and never longer than
    `MOST`. The first half of each degree of urgency is arm 0 (early), the second arm 1 (late).
    """
    known = sorted(units, key=lambda unit: (unit.urgency, unit.notice))
    places = [Place(notice=unit.notice, wait=timedelta()) for unit in known if not eligible(unit)]
    before = 0
    for urgency in sorted({unit.urgency for unit in known if eligible(unit)}):
        same = [unit for unit in known if eligible(unit) and unit.urgency == urgency]
        drawn = sorted(same, key=lambda unit: (_lot(seed, unit.notice), unit.notice))
        half = (len(drawn) + 1) // ARMS
        places += [
            Place(notice=unit.notice, wait=_wait(before + at, per_hour), arm=int(at >= half))
            for at, unit in enumerate(drawn)
        ]
        before += len(drawn)
    return tuple(places)


def _lot(seed: str, notice: int) -> str:
    return hashlib.sha256(f"{seed}:{notice}".encode()).hexdigest()


def _wait(place: int, per_hour: int) -> timedelta:
    return min(timedelta(hours=place / per_hour), MOST)


def digest(places: Sequence[Place]) -> str:
    """A digest of an assignment, to be recorded before anything is sent."""
    rows = [(place.notice, place.wait.total_seconds(), place.arm) for place in places]
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()


class Effect(Struct, frozen=True, kw_only=True):
    """What telling early did, ``days`` after the batch was let go, with its interval (`LEVEL`).

    Attributes:
        days: the horizon.
        early: share fixed of those told early.
        late: share fixed of those told late.
        difference: the first less the second, with ``low`` and ``high``.
        fixes: organisations of the early group that are fixed because they were told early.
        sooner: mean days by which the early group was fixed sooner, within the horizon.
        notices: of both groups together.
    """

    days: float
    early: float
    late: float
    difference: float
    low: float
    high: float
    fixes: float
    fixes_low: float
    fixes_high: float
    sooner: float
    notices: int


Times = Sequence[Between]


def effects(
    early: Times, late: Times, horizons: Sequence[float], *, draws: int = 200, seed: int = 1
) -> list[Effect]:
    """Compare two groups at some horizons; nothing while they are too small.

    The intervals come from redrawing organisations within each group (bootstrap percentiles). Equal input
    gives an equal answer. Inside a stretch in which no look tells, half of what falls in it is counted.
    Owners with the same interval are counted together, so that a nation costs no more than a town.
    """
    if min(len(early), len(late)) * ARMS < LEAST:
        return []
    chance = np.random.Generator(np.random.PCG64(seed))
    groups = _Group(early), _Group(late)
    drawn = [[one.redrawn(chance, horizons) for one in groups] for _ in range(draws)]
    return [
        _effect(groups, days, sorted(first[at] - second[at] for first, second in drawn))
        for at, days in enumerate(horizons)
    ]


class _Group:
    """One arm: its estimate, and estimates of what it might as well have been."""

    def __init__(self, times: Times) -> None:
        counts = grouped(times)
        self.number = len(times)
        self.falls = turnbull(counts)
        self._keys = sorted(counts)
        self._odds = np.array([counts[key] for key in self._keys], dtype=np.float64) / len(times)

    def redrawn(self, chance: np.random.Generator, horizons: Sequence[float]) -> list[float]:
        """The shares fixed of as many owners, drawn anew from these."""
        numbers = chance.multinomial(self.number, self._odds)
        counts = {key: float(number) for key, number in zip(self._keys, numbers, strict=True)}
        return _shares(turnbull(counts, tolerance=DRAWN), horizons)


def _effect(groups: tuple[_Group, _Group], days: float, drawn: list[float]) -> Effect:
    early, late = groups
    [first], [second] = _shares(early.falls, [days]), _shares(late.falls, [days])
    cut, difference = round((1 - LEVEL) / 2 * (len(drawn) - 1)), first - second
    low, high = min(difference, drawn[cut]), max(difference, drawn[-1 - cut])
    return Effect(
        days=days,
        early=first,
        late=second,
        difference=difference,
        low=low,
        high=high,
        fixes=difference * early.number,
        fixes_low=low * early.number,
        fixes_high=high * early.number,
        sooner=_open_days(late.falls, days) - _open_days(early.falls, days),
        notices=early.number + late.number,
    )


def _shares(falls: Sequence[Fall], horizons: Sequence[float]) -> list[float]:
    """The shares fixed after so many days."""
    return [1 - (low + high) / 2 for low, high in open_shares(falls, horizons)]


def _open_days(falls: Iterable[Fall], days: float) -> float:
    """Mean days open within the horizon; a fall counts in the middle of its stretch."""
    return sum(fall.share * _middle(fall.left, fall.right, days) for fall in falls)


def _middle(left: float, right: float, days: float) -> float:
    return days if right == inf else min(days, (left + right) / 2)


class Tally(Struct, frozen=True, kw_only=True):
    """What is known while a trial runs: who waits, who was told, and how many of each came to harm."""

    told: int
    waiting: int
    harmed_told: int
    harmed_waiting: int
    since: timedelta


def stop(tally: Tally) -> str | None:
    """Why a trial ends now, or None. Whoever still waits is then told at once."""
    if tally.since >= MOST:
        return "its time is over"
    if tally.harmed_waiting - tally.harmed_told >= HARM:
        return "more of those who wait were broken into than of those who were told"
    return "nobody waits any more" if not tally.waiting else None
