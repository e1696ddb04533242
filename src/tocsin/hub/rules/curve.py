"""The curve: how many servers stood in which state each day, how many were looked at, and how.

A fall of the curve means little without the other two. So each day carries the share of the known servers
that lay in the scope of a snapshot of that day, and a change of method breaks the line visibly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

CARRIED = 6
"""Days after a look for which its share still counts."""


class Looked(NamedTuple):
    """How many servers were known on a day, and how many of those a snapshot of that day covered."""

    known: int
    covered: int

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where nothing is known."""
        return min(1.0, self.covered / self.known) if self.known else 0.0


class Point(NamedTuple):
    """One state on one day.

    Attributes:
        day: the day.
        state: an exposure or a compromise.
        servers: so many, at the end of the day.
        sure: so many of them, if the share that was looked at holds for this state: the rest is carried
            forward from the days before.
    """

    day: date
    state: str
    servers: int
    sure: int


class Break(NamedTuple):
    """From ``day`` on, ``source`` looked in another way."""

    day: date
    source: str
    before: str
    after: str


class Look(NamedTuple):
    """One snapshot: who looked when, and how."""

    day: date
    source: str
    method: str


def levels(changes: Mapping[tuple[date, str], int], days: Iterable[date]) -> dict[date, Counter[str]]:
    """Counts at the end of each of ``days`` (ascending), from what changed on which day in which state."""
    waiting = sorted(changes.items(), reverse=True)
    now: Counter[str] = Counter()
    found = {}
    for day in days:
        while waiting and waiting[-1][0][0] <= day:
            (_, state), number = waiting.pop()
            now[state] += number
        found[day] = Counter({state: number for state, number in now.items() if number > 0})
    return found


def points(
    counts: Mapping[date, Mapping[str, int]], looked: Mapping[date, Looked], states: Iterable[str]
) -> Iterator[Point]:
    """The curve with its band: every state on every day, also where there is none."""
    wanted = tuple(states)
    for day, by_state in counts.items():
        share = _share(day, looked)
        for state in wanted:
            number = by_state.get(state, 0)
            yield Point(day, state, number, round(number * share))


def _share(day: date, looked: Mapping[date, Looked]) -> float:
    """The share looked at on a day, or else on the last day before, if that is near."""
    near = (day - timedelta(days=number) for number in range(CARRIED + 1))
    return next((looked[one].share for one in near if one in looked), 0.0)


def breaks(looks: Iterable[Look], successors: Iterable[tuple[str, str, str]] = ()) -> Iterator[Break]:
    """Where a source changed its method, oldest first, unless the new one is declared to continue the old.

    Args:
        looks: in any order.
        successors: (source, method before, method after) that count as the same.
    """
    same = frozenset(successors)
    last: dict[str, str] = {}
    for look in sorted(looks):
        before = last.get(look.source)
        if before is not None and before != look.method and (look.source, before, look.method) not in same:
            yield Break(look.day, look.source, before, look.method)
        last[look.source] = look.method
