"""How far the evidence lets us see: which mandatory steps could not have escaped the logs read.

Not seen is not clean. "Nothing happened" may be said only where, for every mandatory step of the
ladder, one kind of log able to show it was read whole over the exposure window.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from tocsin.model.coverage import ArtefactCoverage
from tocsin.model.places import TimeSpan
from tocsin.packs.schema import PackFile, Rung

SNAPSHOTS = frozenset({"web.file", "iis.config", "aspnet.compiled", "exchange.vdir-dump"})
"""Kinds that show the state at collection, not what happened over time."""

_SLACK = timedelta(hours=24)
"""A log's first and last record rarely touch the ends of the window."""


def exposure_window(pack: PackFile, *, patched_at: datetime | None, ends: datetime | None) -> TimeSpan:
    """Give the time in which the flaw could be used on this server.

    From the earliest cited exploitation (or the pack's look-back before ``ends``) to the first
    moment at which the fix is shown, else to the end of the evidence.
    """
    until = patched_at or ends
    if pack.first_exploited is not None:
        start: datetime | None = datetime.combine(pack.first_exploited.date, time.min, tzinfo=UTC)
    elif pack.lookback_days is not None and until is not None:
        start = until - timedelta(days=pack.lookback_days)
    else:
        start = None
    return TimeSpan(start=start, end=until)


def covers(row: ArtefactCoverage | None, window: TimeSpan) -> bool:
    """Tell whether a kind was read whole, without a gap, over the window."""
    if row is None or not row.records or row.excerpt:
        return False
    if row.unreadable or row.errors or row.lost:
        return False
    return row.kind in SNAPSHOTS or _spans(row, window)


def _spans(row: ArtefactCoverage, window: TimeSpan) -> bool:
    if row.start is None or row.end is None or window.start is None or window.end is None:
        return False
    reaches = row.start <= window.start + _SLACK and row.end >= window.end - _SLACK
    return reaches and not any(_overlap(gap, window) for gap in row.gaps)


def _overlap(gap: TimeSpan, window: TimeSpan) -> bool:
    if gap.start is None or gap.end is None or window.start is None or window.end is None:
        return True
    return gap.start < window.end and window.start < gap.end


def unseen_rungs(pack: PackFile, rows: Mapping[str, ArtefactCoverage], window: TimeSpan) -> tuple[Rung, ...]:
    """Give the mandatory steps that could have been taken without any log read showing it."""
    return tuple(
        rung
        for rung in pack.ladder
        if rung.mandatory and not any(covers(rows.get(kind), window) for kind in rung.shown_by)
    )
