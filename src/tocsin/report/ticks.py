"""Where an axis of time is marked, and what stands there: at most six round moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from tocsin.model.places import TimeSpan
from tocsin.report.bars import share

_MOST = 6
_STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 7200, 10_080, 20_160)
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 600, 6000)
_EPOCH = datetime(2018, 1, 1, tzinfo=UTC)
"""A Monday, so that weekly ticks stand on Mondays."""

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Tick(Struct, frozen=True):
    """A mark on the axis: per cent of its length, and its label in UTC."""

    x: float
    label: str


def ticks(span: TimeSpan) -> tuple[Tick, ...]:
    """Give the ticks of a span whose ends are both known and differ."""
    if span.start is None or span.end is None:
        return ()
    length = span.end - span.start
    for step in _STEPS:
        if length / step <= _MOST:
            return _even(span.start, span, step)
    for months in _MONTHS:
        if length / timedelta(days=30 * months) <= _MOST:
            return _monthly(span.start, span, months)
    return ()


def _even(start: datetime, span: TimeSpan, step: timedelta) -> tuple[Tick, ...]:
    moment = _EPOCH + -((_EPOCH - start) // step) * step
    found: list[Tick] = []
    while span.end is not None and moment <= span.end:
        if moment >= start:
            found.append(_tick(moment, span, hours=step < timedelta(days=1)))
        moment += step
    return tuple(found)


def _monthly(start: datetime, span: TimeSpan, months: int) -> tuple[Tick, ...]:
    count = (start.year * 12 + start.month - 1) // months * months
    found: list[Tick] = []
    while count < 9999 * 12:
        moment = datetime(max(count // 12, 1), count % 12 + 1, 1, tzinfo=UTC)
        if span.end is None or moment > span.end:
            break
        if moment >= start:
            label = f"{_NAMES[moment.month - 1]} {moment.year}" if months < 12 else str(moment.year)  # noqa: PLR2004 - a year
            found.append(Tick(round(share(moment, span) * 100, 2), label))
        count += months
    return tuple(found)


def _tick(moment: datetime, span: TimeSpan, *, hours: bool) -> Tick:
    day = f"{moment.day} {_NAMES[moment.month - 1]}"
    label = f"{moment:%H:%M}" if hours and (moment.hour or moment.minute) else day
    return Tick(round(share(moment, span) * 100, 2), label)
