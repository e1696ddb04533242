"""What one server adds to the counts of each day, from the events that tell of it.

Events have two times: the day from which something was so, and the order in which the hub learned it. What
was learned later corrects what was learned before, from its day on. So the events up to any moment give the
curve as it was known then, and the difference between two moments is what the new events change, whatever
days they speak of: counts are kept by adding differences, and can be made anew from the events alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf
from typing import NamedTuple, TypeVar

from tocsin.hub.rules.interval_censored import Between
from tocsin.hub.rules.words import Compromise, Exposure

T = TypeVar("T")
EVERYWHERE = "all"
DIMENSIONS = (EVERYWHERE, "sector", "region", "country", "branch")
FIXED = frozenset({Exposure.PATCHED, Exposure.PATCH_VERIFIED})
AT_RISK = frozenset({Exposure.VULNERABLE, Exposure.PARTLY_MITIGATED, Exposure.MITIGATED})


class Place(NamedTuple):
    """Where a server counts."""

    sector: str = "unknown"
    region: str = ""
    country: str = ""
    branch: str = ""

    def values(self) -> Iterator[tuple[str, str]]:
        """Each dimension with this server's value; the whole first."""
        yield EVERYWHERE, ""
        yield from zip(self._fields, self, strict=True)


class Change(NamedTuple):
    """From ``day`` (a proleptic ordinal) on, one axis was so. ``None`` leaves an axis as it is.

    ``last_open`` is the last day on which the server was still seen open, where a fix was learned of.
    """

    day: int
    exposure: str | None = None
    compromise: str | None = None
    place: Place | None = None
    last_open: int | None = None


class State(NamedTuple):
    """What holds from ``day`` until the next."""

    day: int
    exposure: str
    compromise: str
    place: Place


class Key(NamedTuple):
    """One cell of the daily counts."""

    day: int
    dimension: str
    value: str
    exposure: str
    compromise: str


def history(changes: Iterable[Change]) -> tuple[State, ...]:
    """One server's states by day, as known after these changes. In the order in which they were recorded."""
    exposure: list[tuple[int, str]] = []
    compromise: list[tuple[int, str]] = []
    place: list[tuple[int, Place]] = []
    for change in changes:
        _overrule(exposure, change.day, change.exposure)
        _overrule(compromise, change.day, change.compromise)
        _overrule(place, change.day, change.place)
    days = sorted({day for day, _ in exposure} | {day for day, _ in compromise} | {day for day, _ in place})
    states = (
        State(
            day,
            _at(exposure, day, Exposure.UNKNOWN.value),
            _at(compromise, day, Compromise.UNKNOWN.value),
            _at(place, day, place[0][1] if place else Place()),
        )
        for day in days
    )
    return tuple(_changing(states))


def deltas(states: Iterable[State]) -> Counter[Key]:
    """What one server adds to and takes from the cells, day by day; zeros are left out."""
    found: Counter[Key] = Counter()
    before: State | None = None
    for state in states:
        for sign, what in ((-1, before), (1, state)):
            if what:
                for dimension, value in what.place.values():
                    found[Key(state.day, dimension, value, what.exposure, what.compromise)] += sign
        before = state
    return Counter({key: number for key, number in found.items() if number})


def difference(before: Iterable[Change], after: Iterable[Change]) -> Counter[Key]:
    """What the counts change by when ``after`` is known instead of ``before``."""
    change = deltas(history(after))
    change.subtract(deltas(history(before)))
    return Counter({key: number for key, number in change.items() if number})


def times_open(changes: Iterable[Change], until: int) -> Iterator[Between]:
    """How long each episode of one server lasted: between which days, counted from its opening, the fix came.

    Args:
        changes: in the order in which they were recorded.
        until: the last day on which an open server is known to be so.
    """
    known = tuple(changes)
    opened: int | None = None
    last = 0
    for state in (*history(known), None):
        if opened is not None and (state is None or state.exposure not in AT_RISK):
            # Not seen is not fixed: an episode stays open through days on which nothing is known.
            if state is not None and state.exposure == Exposure.UNKNOWN:
                last = min(last or state.day - 1, state.day - 1)
                continue
            yield _episode(opened, state, last, known, until)
            opened = None
        elif opened is None and state is not None and state.exposure in AT_RISK:
            opened, last = state.day, 0
        elif opened is not None:
            last = 0


def _episode(opened: int, state: State | None, last: int, known: tuple[Change, ...], until: int) -> Between:
    if state is None or state.exposure not in FIXED:
        end = last or (until if state is None else state.day)
        return Between(left=float(max(0, end - opened)), right=inf)
    told = [
        one.last_open for one in known if one.last_open and one.exposure in FIXED and one.day == state.day
    ]
    left = (told[-1] if told else last or state.day - 1) - opened
    right = max(1, state.day - opened)
    return Between(left=float(min(max(0, left), right - 1)), right=float(right))


def _overrule(known: list[tuple[int, T]], day: int, value: T | None) -> None:
    if value is None:
        return
    while known and known[-1][0] >= day:
        known.pop()
    known.append((day, value))


def _at(known: list[tuple[int, T]], day: int, otherwise: T) -> T:
    return next((value for start, value in reversed(known) if start <= day), otherwise)


def _changing(states: Iterable[State]) -> Iterator[State]:
    before: State | None = None
    for state in states:
        if before is None or state[1:] != before[1:]:
            yield state
        before = state
