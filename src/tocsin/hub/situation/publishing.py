"""The picture as it may be published: no figure from 1 to 4, and none that gives one back (ADR 0026).

In it stand states in the whole, by sector, region and version, the curve, the share that was looked at,
changes of method and half-lives. How many servers are known in all does not, nor of how many no compromise:
they would give back by subtraction what is left out of the other axis. Queues are work, not news.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import msgspec
from django.template.loader import render_to_string
from msgspec import Struct

from tocsin.hub.rules.cells import as_csv
from tocsin.hub.rules.curve import Break
from tocsin.hub.rules.suppression import LEAST, suppress_table
from tocsin.hub.rules.words import Compromise
from tocsin.hub.situation.figures import SHOWN, Situation
from tocsin.hub.situation.reporting import style
from tocsin.hub.situation.tables import COLUMNS, Row

SCHEMA = "tocsin/situation-published/1"
FORMS = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
LEFT_OUT = "left out"
Cells = dict[str, int | None]
Line = tuple[str, list[str]]


class HalfLife(Struct, frozen=True, kw_only=True):
    """Days until half of the servers that were open were seen fixed, with the interval; None: not reached."""

    part: str
    days: float | None
    low: float | None
    high: float | None


class Published(Struct, frozen=True, kw_only=True):
    """What may be published; None stands for a figure that is left out.

    Attributes:
        schema: shape and version of this document.
        campaign: key of the campaign; ``name`` is for people.
        as_of: what the hub had learned by then; aware UTC.
        day: the last day of the curve.
        totals: servers by exposure on that day; ``compromise`` likewise those with signs of one.
        by: tables by sector, region and version: value to servers by exposure.
        curve: servers by exposure on every day.
        looked: by day, which share of the known servers was looked at.
        breaks: where a source changed its method.
        half_lives: of the whole (``all``) and by sector, where enough servers are known.
    """

    schema: str = SCHEMA
    campaign: str
    name: str
    as_of: datetime
    day: date
    totals: Cells
    compromise: Cells
    by: dict[str, dict[str, Cells]]
    curve: dict[date, Cells]
    looked: dict[date, float]
    breaks: tuple[Break, ...]
    half_lives: tuple[HalfLife, ...]


def published(found: Situation) -> Published:
    """Leave out of a picture what must not be published."""
    return Published(
        campaign=found.campaign,
        name=found.name,
        as_of=found.as_of,
        day=found.day,
        totals=_plain(found.totals),
        compromise={state: n for state, n in _plain(found.compromise).items() if state != Compromise.UNKNOWN},
        by={name: suppress_table(table) for name, table in found.by.items()},
        curve=_curve(found),
        looked={day: round(looked.share, 2) for day, looked in sorted(found.looked.items())},
        breaks=found.breaks,
        half_lives=tuple(
            HalfLife(part=one["value"] or "all", days=one["days"], low=one["low"], high=one["high"])
            for one in found.half_lives
            if one["days"] is not None or one["low"] is not None
        ),
    )


def _plain(counts: Mapping[str, int]) -> Cells:
    return {state: None if 0 < number < LEAST else number for state, number in counts.items()}


def _curve(found: Situation) -> dict[date, Cells]:
    days: dict[date, dict[str, int]] = {}
    for point in found.curve:
        days.setdefault(point.day, {})[point.state] = point.servers
    return {day: _plain(counts) for day, counts in days.items()}


def written(found: Published, form: str) -> bytes:
    """What may be published, in one of `FORMS`. Equal figures give equal bytes."""
    if form == "csv":
        return "".join(as_csv(COLUMNS, _rows(found))).encode()
    if form == "json":
        plain = msgspec.to_builtins(found, str_keys=True)
        return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1) + b"\n"
    tables = [(name, *_grid(table)) for name, table in found.by.items()]
    days = {str(day): counts for day, counts in reversed(found.curve.items())}
    words = {"found": found, "css": style(), "tables": tables, "curve": _grid(days), "left_out": LEFT_OUT}
    words |= {"totals": _named(found.totals), "compromise": _named(found.compromise), "least": LEAST}
    return render_to_string("situation/published_file.html", words).encode()


def _named(counts: Cells) -> list[tuple[str, str]]:
    return [(state, _text(number)) for state, number in counts.items()]


def _grid(table: Mapping[str, Cells]) -> tuple[list[str], list[Line]]:
    states = [state.value for state in SHOWN if any(counts.get(state, 0) != 0 for counts in table.values())]
    rows = [
        (part or "(none)", [_text(counts.get(state, 0)) for state in states])
        for part, counts in table.items()
    ]
    return states, rows


def _text(number: int | None) -> str:
    return LEFT_OUT if number is None else f"{number:,}"


def _rows(found: Published) -> Iterator[Row]:
    """Every figure as (section, day, part, figure, value); an empty value is one that is left out."""
    day = str(found.day)
    for section, counts in (("exposure", found.totals), ("compromise", found.compromise)):
        yield from ((section, day, "all", state, _cell(number)) for state, number in counts.items())
    for when, counts in found.curve.items():
        yield from (("curve", str(when), "all", state, _cell(number)) for state, number in counts.items())
    yield from (("coverage", str(when), "all", "share", str(share)) for when, share in found.looked.items())
    yield from (("method", str(one.day), one.source, one.before, one.after) for one in found.breaks)
    for dimension, table in found.by.items():
        for part, counts in table.items():
            yield from ((dimension, day, part, state, _cell(number)) for state, number in counts.items())
    for life in found.half_lives:
        for figure, value in (("days", life.days), ("low", life.low), ("high", life.high)):
            yield ("half-life", day, life.part, figure, _cell(value))


def _cell(value: float | None) -> str:
    return "" if value is None else str(value)
