"""One server's history as rows of bars: each axis of each campaign, and the days on which each source saw it.

Numbers only: the template draws them (SVG, coloured by class, as the content security policy allows no
styles).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec

WIDTH = 1_000
"""Units across which the days are spread."""

TICKS = 6
NARROWEST = 3.0


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """From a day to a day (both included): ``state`` is a state's word, or ``seen``."""

    start: date
    end: date
    state: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of bars under a name."""

    name: str
    bars: tuple[Bar, ...]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A bar as it is drawn."""

    x: float
    width: float
    state: str
    says: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it is drawn, ``y`` units from the top."""

    name: str
    y: int
    bars: tuple[Drawn, ...]


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A day written below the rows."""

    x: float
    day: date


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the template needs."""

    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    height: int
    words: tuple[str, ...]  # the states that occur, for the key


def states(changes: Iterable[tuple[date, str]], *, until: date) -> tuple[Bar, ...]:
    """Bars of an axis, of its changes (from which day, to which state) in the order in which they were told.

    What was told later replaces what was told of the same day and the days after it.
    """
    known: dict[date, str] = {}
    for start, state in changes:
        known = {day: held for day, held in known.items() if day < start} | {start: state}
    days = sorted(known)
    if not days:
        return ()
    ends = [day - timedelta(days=1) for day in days[1:]] + [max([until, *days])]
    return tuple(Bar(start=day, end=end, state=known[day]) for day, end in zip(days, ends, strict=True))


def sightings(days: Iterable[date]) -> tuple[Bar, ...]:
    """Bars of days on which a server was seen: days without a break between them make one."""
    bars: list[Bar] = []
    for day in sorted(set(days)):
        if bars and bars[-1].end + timedelta(days=1) == day:
            bars[-1] = msgspec.structs.replace(bars[-1], end=day)
        else:
            bars.append(Bar(start=day, end=day, state="seen"))
    return tuple(bars)


def draw(rows: Sequence[Row], *, row_height: int = 26) -> Timeline | None:
    """Spread rows of bars over the width; None where there is nothing to draw."""
    bars = [bar for row in rows for bar in row.bars]
    if not bars:
        return None
    start, end = min(bar.start for bar in bars), max(bar.end for bar in bars)
    unit = WIDTH / ((end - start).days + 1)
    lines = tuple(
        Line(name=row.name, y=number * row_height, bars=tuple(_drawn(bar, start, unit) for bar in row.bars))
        for number, row in enumerate(rows)
    )
    return Timeline(
        lines=lines,
        ticks=_ticks(start, end, unit),
        height=len(rows) * row_height + 24,
        words=tuple(dict.fromkeys(bar.state for bar in bars)),
    )


def _drawn(bar: Bar, start: date, unit: float) -> Drawn:
    x = round((bar.start - start).days * unit, 1)
    width = max(NARROWEST, round(((bar.end - bar.start).days + 1) * unit, 1))
    days = f"{bar.start}" if bar.start == bar.end else f"{bar.start} to {bar.end}"
    return Drawn(x=min(x, WIDTH - width), width=width, state=bar.state, says=f"{bar.state}, {days}")


def _ticks(start: date, end: date, unit: float) -> tuple[Tick, ...]:
    length = (end - start).days
    step = max(1, -(-length // TICKS))
    return tuple(
        Tick(x=round((count + 0.5) * unit, 1), day=start + timedelta(days=count))
        for count in range(0, length + 1, step)
    )
