"""ExchangeSetup.log: which build was installed when, in the server's local time.

The stamp ends in four digits that are milliseconds (``25.0820`` is 820 ms). The zone is stated once a
run, as its standard offset: in summer time the true moment can be an hour earlier. Messages
may run over several lines, and one file may hold several runs.
Shape measured on an ExchangeSetup.log of Exchange 2016; no published format is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from tocsin.evidence.globs import fits
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.line_items import RAW, blank
from tocsin.evidence.lines import Line
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.times import in_utc, parse_offset
from tocsin.model.words import Confidence

KIND = "exchange.setup-log"
LINES = True
FOUND_AT = ("**/exchangesetuplogs/exchangesetup*.log", "**/exchangesetup*.log")

_ENTRY = re.compile(
    r"\[(?P<stamp>\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)\.(?P<ms>\d{3,4})\] \[(?P<level>\d+)\] ?(?P<message>.*)",
    re.DOTALL,
)
_ZONE = re.compile(r"Local time zone: (\((?:UTC|GMT)([+\-\u2212]\d\d:\d\d)?\).{0,200}?)\.?\s*\Z", re.DOTALL)
_VERSION = re.compile(r"Setup version: (\d+(?:\.\d+){3})", re.ASCII)
_PREVIOUS = re.compile(r"previously installed version is '(\d+(?:\.\d+){3})'", re.ASCII)


def recognise(source: Source) -> Confidence:
    """Sure if an entry of the log stands in the head and the file is named or speaks of Exchange."""
    if not is_text(source.head):
        return Confidence.NO
    at_home = fits(source.where, FOUND_AT)
    lines = head_lines(source.head)
    if any(_ENTRY.match(line) for line in lines):
        named = any("Microsoft Exchange" in line and "Setup" in line for line in lines)
        return Confidence.SIGNATURE if named or at_home else Confidence.NO
    return Confidence.LOCATION if at_home else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield one record for each line that is not blank; further lines of a message have no time.

    Fields: ``Message``, ``Level``, ``LocalTime``; where the line states them ``Version``,
    ``PreviousVersion``, ``TimeZone`` and ``UtcOffset`` (``-06:00``).
    """
    zone = _first_zone(source)
    for line in source.lines():
        if not line.text or line.text.isspace():
            yield blank(KIND, source.path, line)
            continue
        stated = _ZONE.search(line.text[:RAW])
        zone = _offset(stated) if stated else zone
        yield _record(source.path, line, zone, stated)


def _first_zone(source: Source) -> timezone | None:
    found = (_ZONE.search(line) for line in head_lines(source.head))
    return next((_offset(match) for match in found if match), None)


def _offset(stated: re.Match[str]) -> timezone | None:
    return parse_offset(stated[2] or "Z")


def _record(path: str, line: Line, zone: timezone | None, stated: re.Match[str] | None) -> Record:
    entry = _ENTRY.match(line.text)
    fields: dict[str, str | None] = {"Message": entry["message"] if entry else line.text}
    if entry:
        fields |= {"Level": entry["level"], "LocalTime": f"{entry['stamp']}.{entry['ms']}"}
    for name, pattern in (("Version", _VERSION), ("PreviousVersion", _PREVIOUS)):
        version = pattern.search(line.text[:RAW])
        if version:
            fields[name] = version[1]
    if stated:
        fields |= {"TimeZone": stated[1], "UtcOffset": stated[2] or "+00:00"}
    return Record(
        kind=KIND,
        locator=Locator(path=path, line=line.number),
        time=_moment(entry, zone) if entry else None,
        fields=fields,
        weak=line.cut or line.padded,
        raw=line.text[:RAW] if line.cut or line.padded else None,
    )


def _moment(entry: re.Match[str], zone: timezone | None) -> datetime | None:
    if zone is None:
        return None
    try:
        local = datetime.strptime(entry["stamp"], "%m/%d/%Y %H:%M:%S").replace(tzinfo=zone)
        return in_utc(local.replace(microsecond=_microseconds(entry["ms"])))
    except ValueError:
        return None


def _microseconds(digits: str) -> int:
    """Padded milliseconds as seen, or a plain fraction should a version write one."""
    return int(digits) * 1000 if len(digits) == 3 or digits.startswith("0") else int(digits) * 100  # noqa: PLR2004 - ms
