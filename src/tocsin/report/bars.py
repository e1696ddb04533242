"""Coverage as bars over one axis of time: what was read, where the gaps are."""

from __future__ import annotations

from datetime import datetime, timedelta

from tocsin.model.coverage import ArtefactCoverage, Coverage
from tocsin.model.places import TimeSpan
from tocsin.report.view import as_utc


def axis(coverage: Coverage) -> TimeSpan:
    """Give the span that all artefacts lie in; both ends None where none carries a time."""
    span = TimeSpan()
    for each in coverage.artefacts:
        for moment in (each.start, each.end):
            span = span.widen(as_utc(moment) if moment else None)
    return span


def share(moment: datetime, span: TimeSpan) -> float:
    """Give where the moment lies in the span, 0 to 1; outside it, the nearer end."""
    if span.start is None or span.end is None or span.start >= span.end:
        return 0.0
    return min(max((as_utc(moment) - span.start) / (span.end - span.start), 0.0), 1.0)


def cells(artefact: ArtefactCoverage, span: TimeSpan, count: int) -> list[str]:
    """Give ``count`` cells, each ``read``, ``gap`` or ``none``, by what happened at its middle or in it.

    Whatever was read at all has at least one cell ``read``; a gap of whatever length has one too.
    """
    if artefact.start is None or span.start is None or span.end is None:
        return ["none"] * count
    first, last = _reach(artefact.start, artefact.end or artefact.start, span, count)
    drawn = ["read" if first <= place <= last else "none" for place in range(count)]
    for gap in artefact.gaps:
        start, end = gap.start or artefact.start, gap.end or artefact.end or artefact.start
        begin, stop = _reach(start, max(end - timedelta(microseconds=1), start), span, count)
        for place in range(begin, stop + 1):
            drawn[place] = "gap"
    return drawn


def _reach(start: datetime, end: datetime, span: TimeSpan, count: int) -> tuple[int, int]:
    first, last = (min(int(share(moment, span) * count), count - 1) for moment in (start, end))
    return first, last
