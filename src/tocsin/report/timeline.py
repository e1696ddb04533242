"""The picture of what happened when: rows of marks on one axis of time, as shares of its length.

Where marks stand is reckoned here; ``templates/timeline.svg.j2`` draws them. Places across are in
per cent and sizes in pixels, so that one drawing serves a wide screen, a phone and paper.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta

from msgspec import Struct

from tocsin.model.findings import Finding
from tocsin.model.places import TimeSpan
from tocsin.model.verdicts import Assessment, Cluster, KeyDate, Verdict, WebShell
from tocsin.model.words import Means
from tocsin.report import words
from tocsin.report.bars import share
from tocsin.report.ticks import Tick, ticks
from tocsin.report.untrusted import shorten, visible
from tocsin.report.view import as_utc, campaign_title, days, plural, stamp

_PITCH = 40
_TOP = 26
_MOST_HANDS = 4
_MOST_SHELLS = 6
_GRAIN = 200


class Mark(Struct, frozen=True, kw_only=True):
    """One mark. ``x`` and ``width`` are per cent of the axis; ``says`` is its tooltip.

    ``shape``: ``bar``, ``gap``, ``dashed``, ``diamond`` (intruder), ``ring`` (scanner), ``square``
    (write), ``cross`` (not served any more), ``flag`` (a cited date).
    """

    shape: str
    x: float
    says: str
    width: float = 0.0
    size: float = 4.0
    tone: str = "ink"


class Row(Struct, frozen=True, kw_only=True):
    """A strand: its label stands above its track. ``y`` is the track's middle, in pixels."""

    label: str
    note: str
    marks: tuple[Mark, ...]
    y: int = 0


class Picture(Struct, frozen=True, kw_only=True):
    """All that the drawing needs.

    ``band``: start and width of the exposure window, or None. ``used``: shapes and tones, for the key.
    """

    title: str
    description: str
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    band: tuple[float, float] | None
    height: int
    used: frozenset[str]


def picture(assessment: Assessment, verdict: Verdict) -> Picture | None:
    """Give the picture of one verdict, or None where nothing carries a time."""
    span = _span(assessment, verdict)
    if span is None:
        return None
    rows = [row for row in _rows(assessment, verdict, span) if row.marks]
    placed = tuple(_at(row, place) for place, row in enumerate(rows))
    name = visible(campaign_title(verdict))
    return Picture(
        title=f"{name}: what happened when, {days(span.start)} to {days(span.end)}, UTC",
        description=" ".join(f"{row.label}: {row.note or 'see the picture'}." for row in rows),
        rows=placed,
        ticks=ticks(span),
        band=_band(verdict, span),
        height=_TOP + _PITCH * len(placed) + 24,
        used=frozenset(name for row in placed for mark in row.marks for name in (mark.shape, mark.tone)),
    )


def _at(row: Row, place: int) -> Row:
    return Row(label=row.label, note=row.note, marks=row.marks, y=_TOP + _PITCH * place + 24)


def _span(assessment: Assessment, verdict: Verdict) -> TimeSpan | None:
    span = TimeSpan()
    for moment in _moments(assessment, verdict):
        span = span.widen(as_utc(moment) if moment else None)
    if span.start is None or span.end is None:
        return None
    pad = max((span.end - span.start) * 0.02, timedelta(minutes=1))
    return TimeSpan(start=_moved(span.start, -pad), end=_moved(span.end, pad))


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment


def _moments(assessment: Assessment, verdict: Verdict) -> Iterator[datetime | None]:
    """Times that the picture must hold. Where a log begins need not be among them: bars may be cut."""
    yield from (verdict.first_seen, verdict.last_seen)
    yield from (verdict.exposure_window.start, verdict.exposure_window.end)
    yield from (_midnight(each) for each in verdict.dates)
    for shell in verdict.webshells:
        yield from (shell.written_at, shell.first_seen, shell.last_seen, shell.not_served_since)
    yield from (each.end for each in assessment.coverage.artefacts if each.wanted)
    yield assessment.evidence.custody.collected_at
    if verdict.first_seen is None and verdict.exposure_window.start is None:
        yield from (each.start for each in assessment.coverage.artefacts if each.wanted)


def _midnight(each: KeyDate) -> datetime:
    return datetime.combine(each.day, time.min, tzinfo=UTC)


def _band(verdict: Verdict, span: TimeSpan) -> tuple[float, float] | None:
    window = verdict.exposure_window
    if window.start is None:
        return None
    start = share(window.start, span)
    end = share(window.end, span) if window.end else 1.0
    return _cent(start), _cent(max(end - start, 0.002))


def _rows(assessment: Assessment, verdict: Verdict, span: TimeSpan) -> Iterator[Row]:
    yield _dates(verdict, span)
    yield _window(verdict, span)
    yield from _hands(verdict, span)
    shells = verdict.webshells
    yield from (_shell(shell, span) for shell in shells[:_MOST_SHELLS])
    if len(shells) > _MOST_SHELLS:
        more = shells[_MOST_SHELLS:]
        marks = tuple(mark for shell in more for mark in _shell(shell, span).marks if mark.shape == "bar")[
            :_GRAIN
        ]
        yield Row(label=f"{len(more)} more web shells", note="see the table", marks=marks)
    yield from _builds(assessment, span)
    yield from _logs(assessment, span)


def _dates(verdict: Verdict, span: TimeSpan) -> Row:
    told = [(words.KEY_DATE.get(each.what, visible(each.what)), each) for each in verdict.dates]
    marks = tuple(
        Mark(
            shape="flag",
            x=_cent(share(_midnight(each), span)),
            says=f"{name} {each.day} ({visible(each.source)})",
        )
        for name, each in told
    )
    note = ", ".join(f"{name.lower()} {each.day}" for name, each in told)
    return Row(label="Cited dates", note=note, marks=marks)


def _window(verdict: Verdict, span: TimeSpan) -> Row:
    window = verdict.exposure_window
    note = f"{days(window.start)} to {days(window.end)}"
    marks = (
        _bar(TimeSpan(start=window.start, end=window.end or span.end), span, "caution")
        if window.start
        else ()
    )
    return Row(label="Exposure window", note=note, marks=marks)


def _hands(verdict: Verdict, span: TimeSpan) -> Iterator[Row]:
    by_id = {finding.id: finding for finding in verdict.findings}
    at_work = [each for each in verdict.clusters if each.role in {"intruder", "shell-user"}]
    for cluster in at_work[:_MOST_HANDS]:
        yield _hand(cluster, by_id, span)
    groups = {
        f"{len(at_work) - _MOST_HANDS} more hands": at_work[_MOST_HANDS:],
        "Scanners and probers": [each for each in verdict.clusters if each not in at_work],
    }
    for label, clusters in groups.items():
        found = [by_id[name] for each in clusters for name in each.finding_ids if name in by_id]
        shape = "ring" if label.startswith("Scanners") else "diamond"
        marks = _points(found, span, shape=shape, tone="soft" if shape == "ring" else "grave")
        yield Row(label=label, note=plural(len(found), "finding"), marks=marks)
    clustered = {name for each in verdict.clusters for name in each.finding_ids}
    alone = [
        each for each in verdict.findings if each.id not in clustered and each.means is not Means.CONTEXT
    ]
    yield Row(
        label="Other findings",
        note=plural(len(alone), "finding"),
        marks=_points(alone, span, shape="diamond", tone="serious"),
    )


def _hand(cluster: Cluster, by_id: dict[str, Finding], span: TimeSpan) -> Row:
    found = [by_id[name] for name in cluster.finding_ids if name in by_id]
    who = shorten(visible(", ".join(cluster.source_ips)) or "no address", 40)
    label = f"{words.ROLE[cluster.role]} {who}"
    return Row(
        label=label,
        note=f"{plural(len(found), 'finding')}, {_between(cluster.first_seen, cluster.last_seen)}",
        marks=_points(found, span, shape="diamond", tone="grave"),
    )


def _between(start: datetime | None, end: datetime | None) -> str:
    first, last = days(start), days(end)
    return first if first == last else f"{first} to {last}"


def _points(findings: Iterable[Finding], span: TimeSpan, *, shape: str, tone: str) -> tuple[Mark, ...]:
    """One mark for findings that would cover one another; it grows with their number."""
    bins: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.time is not None:
            bins[round(share(finding.time, span) * _GRAIN)].append(finding)
    return tuple(_point(place, found, shape, tone) for place, found in sorted(bins.items()))


def _point(place: int, found: list[Finding], shape: str, tone: str) -> Mark:
    first = min(found, key=lambda each: each.order)
    says = f"{stamp(first.time)} {shorten(visible(first.summary), 90)}"
    if len(found) > 1:
        says = f"{plural(len(found), 'finding')} from {says}"
    return Mark(
        shape=shape,
        x=round(place / _GRAIN * 100, 2),
        says=says,
        tone=tone,
        size=round(4 + 1.2 * math.log10(len(found)), 1),
    )


def _shell(shell: WebShell, span: TimeSpan) -> Row:
    name = shorten(visible(shell.url or shell.path or "unnamed").rpartition("/")[2], 34)
    marks: list[Mark] = []
    start = shell.written_at or shell.first_seen
    if start:
        marks += _bar(TimeSpan(start=start, end=shell.last_seen or start), span, "grave", "served")
    if start and shell.not_served_since:
        marks += _bar(
            TimeSpan(start=shell.last_seen or start, end=shell.not_served_since),
            span,
            "grave",
            "not known",
            "dashed",
        )
        marks.append(
            Mark(
                shape="cross",
                x=_cent(share(shell.not_served_since, span)),
                tone="ink",
                says=f"not served since {stamp(shell.not_served_since)}",
            )
        )
    if shell.written_at:
        marks.append(
            Mark(
                shape="square",
                x=_cent(share(shell.written_at, span)),
                tone="grave",
                says=f"written {stamp(shell.written_at)}",
            )
        )
    since = f" {days(shell.not_served_since)}" if shell.not_served_since else ""
    return Row(
        label=f"Web shell {name}",
        note=f"{words.PRESENCE[shell.presence].word.lower()}{since}",
        marks=tuple(marks),
    )


def _builds(assessment: Assessment, span: TimeSpan) -> Iterator[Row]:
    timed = [each for each in assessment.server.builds if each.start]
    marks = tuple(
        mark
        for each in timed
        for mark in _bar(
            TimeSpan(start=each.start, end=each.end or span.end),
            span,
            "soft",
            f"{visible(each.build)} {visible(each.label)}",
        )
    )
    yield Row(
        label="Builds",
        note=", ".join(f"{visible(each.build)} from {days(each.start)}" for each in timed[:4]),
        marks=marks,
    )


def _logs(assessment: Assessment, span: TimeSpan) -> Iterator[Row]:
    for each in assessment.coverage.artefacts:
        if not each.wanted or each.start is None:
            continue
        marks = list(_bar(TimeSpan(start=each.start, end=each.end), span, "read", "read"))
        for gap in each.gaps:
            marks += _bar(
                TimeSpan(start=gap.start or each.start, end=gap.end or each.end), span, "ink", "gap", "gap"
            )
        gaps = f", {plural(len(each.gaps), 'gap')}" if each.gaps else ""
        yield Row(
            label=f"Log {visible(each.kind)}",
            note=f"{days(each.start)} to {days(each.end)}{gaps}",
            marks=tuple(marks),
        )


def _bar(part: TimeSpan, span: TimeSpan, tone: str, says: str = "", shape: str = "bar") -> tuple[Mark, ...]:
    if part.start is None or part.end is None or span.start is None or span.end is None:
        return ()
    if as_utc(part.end) < span.start or as_utc(part.start) > span.end:
        return ()
    start, end = share(part.start, span), share(part.end, span)
    told = f"{says} {stamp(part.start)} to {stamp(part.end)}".strip()
    return (Mark(shape=shape, x=_cent(start), width=_cent(max(end - start, 0.003)), tone=tone, says=told),)


def _cent(part: float) -> float:
    return round(part * 100, 2)
