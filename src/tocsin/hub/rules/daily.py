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
_NOTHING_KNOWN = frozenset({Exposure.UNKNOWN, Exposure.UNREACHABLE})


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


class Episode(NamedTuple):
    """A time for which a server was open, as days.

    Attributes:
        opened: the first of them.
        last_open: the last day on which it was seen open; None while it is seen so.
        fixed: the first day on which it was seen fixed; None where it never was.
    """

    opened: int
    last_open: int | None
    fixed: int | None


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


def episodes(changes: Iterable[Change]) -> Iterator[Episode]:
    """The times for which one server was open. Changes in the order in which they were recorded.

    Not seen is not fixed: an episode stays open through days on which nothing is known, and its last open
    day is then the one before.
    """
    known = tuple(changes)
    opened: int | None = None
    unseen: int | None = None
    for state in history(known):
        if state.exposure in AT_RISK:
            opened, unseen = opened or state.day, None
        elif opened is not None and state.exposure in _NOTHING_KNOWN:
            unseen = unseen or state.day - 1
        elif opened is not None:
            yield _ended(opened, state, unseen, known)
            opened = unseen = None
    if opened is not None:
        yield Episode(opened, unseen and max(opened, unseen), None)


def time_open(episode: Episode, until: int) -> Between | None:
    """How long an episode lasted, as between which days after its opening the fix came.

    Args:
        episode: one of them.
        until: the day on which one that is still open is taken to be so.

    Returns:
        None for an episode that opens after that day.
    """
    if episode.opened > until:
        return None
    last = until if episode.last_open is None else min(until, episode.last_open)
    left = float(max(0, last - episode.opened))
    if episode.fixed is None or episode.fixed > until:
        return Between(left=left, right=inf)
    right = float(max(1, episode.fixed - episode.opened))
    return Between(left=min(left, right - 1), right=right)


def _ended(opened: int, state: State, unseen: int | None, known: tuple[Change, ...]) -> Episode:
    if state.exposure not in FIXED:
        return Episode(opened, max(opened, unseen or state.day - 1), None)
    told = [
        one.last_open for one in known if one.last_open and one.exposure in FIXED and one.day == state.day
    ]
    last = told[-1] if told else unseen or state.day - 1
    return Episode(opened, max(opened, min(last, state.day - 1)), state.day)


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
