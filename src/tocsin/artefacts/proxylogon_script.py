r"""What Microsoft's script Test-ProxyLogon wrote: how old the logs were, and what it took for suspicious.

``<server>-LogAgeDays.csv`` stands after every run, the others only where something was found:
``-other.csv`` (files), ``-Cve-2021-26857.csv`` (events), and lists of paths in ``-Cve-2021-26858*.log`` and
``-Cve-2021-27065.log``. That nothing was found shows little: the script reads no further back than the logs
reach, and leaves out attempts. Rows of HttpProxy logs (``-Cve-2021-26855.csv``, ``-ResetVDir.csv``) keep
their columns and are read as what they are. Layout: microsoft/CSS-Exchange, Security/src/Test-ProxyLogon.ps1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from tocsin.evidence.globs import fits
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.line_items import RAW, blank, header, unreadable
from tocsin.evidence.lines import Line
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.words import Confidence

KIND = "vendor.test-proxylogon"
LINES = True
FOUND_AT = (
    "**/*-logagedays.csv",
    "**/*-cve-2021-26857.csv",
    "**/*-cve-2021-26858*.log",
    "**/*-cve-2021-27065.log",
    "**/test-proxylogonlogs/*-other.csv",
)

TOOL = "Test-ProxyLogon"
_AGES = frozenset({"oabgen", "ecp", "autodproxy"})
_FILES = frozenset({"computername", "type", "path", "lastwrite"})
_EVENTS = frozenset({"timecreated", "machinename", "message"})
_TYPE = "#TYPE "
_CVE = re.compile(r"cve-(\d{4}-\d{4,7})")
_PATH = re.compile(r"'?(?:[A-Za-z]:|\\)\\")
_LONGEST_ROW = 200
"""Lines that one row of a table may take: a message of an event has line ends of its own."""


def recognise(source: Source) -> Confidence:
    """SIGNATURE by the columns of its tables; its lists of paths only by name and place."""
    if not is_text(source.head):
        return Confidence.NO
    here = fits(source.where, FOUND_AT)
    what = _what(next(_rows(head_lines(source.head)), ""), source.where)
    if what in {"log-age", "suspicious-file"}:
        return Confidence.SIGNATURE
    if here and (what or source.where.endswith(".log")):
        return Confidence.SHAPE if what else Confidence.LOCATION
    return Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for each row or path; the lines that a row goes on over are its headings."""
    reader = _Reader(source)
    for line in source.lines():
        yield from reader.items(line)
    yield from reader.rest()


def _rows(lines: Sequence[str]) -> Iterator[str]:
    return (line for line in lines if line.strip() and not line.startswith(_TYPE))


def _what(row: str, where: str) -> str:
    """Tell what a table holds by its first row: ages of logs, files, or events."""
    names = {name.strip('" \ufeff').lower() for name in re.split(r"[,;\t]", row[:RAW])}
    if names >= _AGES:
        return "log-age"
    if names >= _FILES:
        return "suspicious-file"
    return "finding" if names >= _EVENTS and "26857" in where else ""


class _Reader:
    """The columns of the table, and the lines of a row that is not complete yet."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        found = _CVE.search(source.where.rpartition("/")[2])
        self._cve = f"CVE-{found[1]}" if found else None
        self._where = source.where
        self._what = ""
        self._names: list[str] = []
        self._mark = ","
        self._held: list[Line] = []

    def items(self, line: Line) -> Iterator[Item]:
        if not self._held and (not line.text or line.text.isspace()):
            yield blank(KIND, self._path, line)
        elif self._names:
            yield from self._table(line)
        elif line.text.startswith(_TYPE):
            yield header(KIND, self._path, line)
        else:
            yield self._first(line)

    def rest(self) -> Iterator[Item]:
        """A row that the file ends in the middle of."""
        yield from self._lost("the file ends inside of this row")

    def _first(self, line: Line) -> Item:
        self._what = _what(line.text, self._where)
        if self._what:
            self._mark = next((mark for mark in ",;\t" if mark in line.text), ",")
            self._names = [name.strip('" \ufeff') for name in line.text.split(self._mark)]
            return header(KIND, self._path, line)
        path = line.text.strip().strip("'\ufeff")
        if _PATH.match(line.text.strip("\ufeff ")):
            return self._record(line, "finding", {"Cve": self._cve, "Path": path})
        return unreadable(KIND, self._path, line, "neither a table of Test-ProxyLogon nor a path")

    def _table(self, line: Line) -> Iterator[Item]:
        self._held.append(line)
        text = "\n".join(each.text for each in self._held)
        if text.count('"') % 2 and len(self._held) < _LONGEST_ROW:
            return
        values = _values(text, self._mark)
        if values is None or len(values) != len(self._names):
            yield from self._lost("it does not have the columns of its table")
            return
        fields = {name: value or None for name, value in zip(self._names, values, strict=True)}
        first, *more = self._held
        self._held = []
        cve = {"Cve": self._cve} if self._what == "finding" else {}
        yield self._record(first, self._what, {**fields, **cve})
        for each in more:
            yield header(KIND, self._path, each)

    def _lost(self, why: str) -> Iterator[Item]:
        held, self._held = self._held, []
        for each in held:
            if each.text.strip() or each.padded:
                yield unreadable(KIND, self._path, each, why)
            else:
                yield blank(KIND, self._path, each)

    def _record(self, line: Line, what: str, fields: dict[str, str | None]) -> Record:
        return Record(
            kind=KIND,
            locator=Locator(path=self._path, line=line.number),
            time=None,
            fields={"Tool": TOOL, "What": what, **fields},
            weak=line.cut or line.padded,
            raw=line.text[:RAW],
        )


def _values(text: str, mark: str) -> list[str] | None:
    try:
        rows = list(csv.reader([text.replace("\0", "")], delimiter=mark, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
