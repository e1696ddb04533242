"""IIS logs to event tracing instead of to files: each row is event 6200 of Microsoft-Windows-IIS-Logging.

Options: ``form`` (``evtx``, ``xml`` or ``jsonl``), ``computer`` (MAIL01.contoso.example). All rows of the
chosen files go into one event log, in the order of time. Names and order of the values are those of a
real event.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import msgspec
from msgspec import Struct

from tocsin.errors import ScenarioError
from tocsin.exercise.dice import Dice
from tocsin.exercise.event_logs import KIND_OF_FORM, open_log
from tocsin.exercise.faults.rewriting import IIS, chosen
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow, Tree
from tocsin.exercise.written_event import WrittenEvent

KIND = "etw-events"
CHANNEL = "Microsoft-IIS-Logging/Logs"
_PROVIDER = "Microsoft-Windows-IIS-Logging"
_LATER = timedelta(milliseconds=3620)
"""The event is written so long after the request ended."""
_NAMES = (
    ("date", "date", 0x1),
    ("time", "time", 0x2),
    ("c-ip", "c-ip", 0x4),
    ("cs-username", "cs-username", 0x8),
    ("s-sitename", "s-sitename", 0x10),
    ("s-computername", "s-computername", 0x20),
    ("s-ip", "s-ip", 0x40),
    ("cs-method", "cs-method", 0x80),
    ("cs-uri-stem", "cs-uri-stem", 0x100),
    ("cs-uri-query", "cs-uri-query", 0x200),
    ("sc-status", "sc-status", 0x400),
    ("sc-win32-status", "sc-win32-status", 0x800),
    ("sc-bytes", "sc-bytes", 0x1000),
    ("cs-bytes", "cs-bytes", 0x2000),
    ("time-taken", "time-taken", 0x4000),
    ("s-port", "s-port", 0x8000),
    ("csUser-Agent", "cs(User-Agent)", 0x1_0000),
    ("csCookie", "cs(Cookie)", 0x2_0000),
    ("csReferer", "cs(Referer)", 0x4_0000),
    ("cs-version", "cs-version", 0x8_0000),
    ("cs-host", "cs-host", 0x10_0000),
    ("sc-substatus", "sc-substatus", 0x20_0000),
)
"""Name in the event, name in the log, bit of ``EnabledFieldsFlags`` (LogExtFileFlags of IIS)."""
_OWN_FIELDS = ("X-Forwarded-For",)


class _Request(Struct, frozen=True, kw_only=True, order=True):
    """One row: when, where it stood, what it said."""

    at: str
    path: str
    line: int
    values: dict[str, str]


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put the rows into an event log, take the files away; labels follow.

    Raises:
        ScenarioError: there is no such form of an event log.
    """
    form = fault.options.get("form", "evtx")
    if form not in KIND_OF_FORM:
        known = ", ".join(KIND_OF_FORM)
        raise ScenarioError(f"no such form of an event log: {form}.", remedy=f"There are: {known}.")
    paths = chosen(root, fault, IIS)
    if not paths:
        return rows
    log = open_log(Tree(root), CHANNEL, form, dice.between(100_000, 900_000))
    computer = fault.options.get("computer", "MAIL01.contoso.example")
    labelled = {(row.path, row.line) for row in rows if row.line is not None}
    places: dict[tuple[str, int | None], tuple[int, int | None]] = {}
    for request in _requests(root, paths):
        place = log.add(_event(request, computer))
        if (request.path, request.line) in labelled:
            places[request.path, request.line] = place
    log.close()
    for path in paths:
        (root / path).unlink()
    return [_moved(row, log.path, places.get((row.path, row.line))) for row in rows]


def _moved(row: LabelledRow, path: str, place: tuple[int, int | None] | None) -> LabelledRow:
    if place is None:
        return row
    return msgspec.structs.replace(row, path=path, record=place[0], line=place[1], kind="iis.etw")


def _requests(root: Path, paths: list[str]) -> Iterator[_Request]:
    """Yield the rows of all sites in the order of time, one file of each site at a time."""
    sites = groupby(sorted(paths), key=lambda path: path.rpartition("/")[0])
    yield from heapq.merge(*[_of_site(root, list(found)) for _, found in sites])


def _of_site(root: Path, paths: list[str]) -> Iterator[_Request]:
    for path in paths:
        with (root / path).open(encoding="utf-8", errors="replace", newline="\r\n") as stream:
            names: list[str] = []
            for line, text in enumerate(stream, start=1):
                if text.startswith("#Fields: "):
                    names = text.split()[1:]
                values = text.rstrip("\r\n").split(" ")
                if not text.startswith("#") and len(values) == len(names):
                    row = dict(zip(names, values, strict=True))
                    yield _Request(at=f"{row['date']}T{row['time']}", path=path, line=line, values=row)


def _event(request: _Request, computer: str) -> WrittenEvent:
    row = {
        "s-sitename": request.path.split("/")[-2].upper(),
        "s-computername": computer.partition(".")[0],
        **request.values,
    }
    told = {name: row.get(column, "-") for name, column, _ in _NAMES}
    flags = sum(bit for _, column, bit in _NAMES if column in row)
    data = {"EnabledFieldsFlags": str(flags), **told, "CustomFields": _custom(row)}
    return WrittenEvent(
        provider=_PROVIDER,
        event_id=6200,
        channel=CHANNEL,
        time=datetime.fromisoformat(request.at).replace(tzinfo=UTC) + _LATER,
        data=tuple(data.items()),
        computer=computer,
        user_id="S-1-5-18",
    )


def _custom(row: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {row[name]}" for name in _OWN_FIELDS if row.get(name, "-") != "-")
