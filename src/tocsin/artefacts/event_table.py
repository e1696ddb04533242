"""Windows events exported as a table: Get-WinEvent and Get-EventLog with Export-Csv, EvtxECmd, viewers.

Such tables keep the rendered text and lose the data, and their times have no zone: the records are
weak, and only EvtxECmd, which writes UTC, dates them.
Columns: Get-WinEvent and Get-EventLog of Windows PowerShell 5.1; EvtxECmd 1.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocsin.evidence.exported_rows import event_of_row
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.quoted_tables import TableRow, header_of, is_comment, read_rows
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Unreadable
from tocsin.model.words import Confidence

KIND = "event.table"
LINES = False
FOUND_AT = ("**/*evtx*.csv", "**/*event*.csv")

_NUMBERS = frozenset({"eventid", "id", "event id", "event_id"})
_PLACES = frozenset(
    {"provider", "providername", "source", "sourcename", "channel", "logname", "provider name", "log name"}
)
_UTC_COLUMNS = frozenset({"ChunkNumber", "MapDescription"})
_PLACEHOLDER = re.compile(r"System\.[\w.`]+(?:\[[^\]]*\])*")
_LONGEST_TEXT = 1 << 16


def recognise(source: Source) -> Confidence:
    """SIGNATURE for a header row with columns for an event's number and its source."""
    if not is_text(source.head):
        return Confidence.NO
    first = next((line for line in head_lines(source.head) if not is_comment(line)), "")
    header = header_of(first)
    names = {name.lower() for name in header[0]} if header else set()
    return Confidence.SIGNATURE if names & _NUMBERS and names & _PLACES else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for every row; a row that does not fit its header is kept as text."""
    rows = read_rows(source)
    head = next(rows, None)
    if head is None:
        return
    first = next(rows, None)
    item = _item(source.path, first) if first else None
    place = Locator(path=source.path, line=head.line)
    yield Header(kind=item.kind if item else KIND, locator=place, text=head.text[:_LONGEST_TEXT])
    if item:
        yield item
    for row in rows:
        yield _item(source.path, row)


def _item(path: str, row: TableRow) -> Item:
    place = Locator(path=path, line=row.line)
    record = event_of_row(_columns(row.values), place, row.text) if row.values else None
    why = "not a row of the columns above" if row.values is None else "a row without an event number"
    return record or Unreadable(kind=KIND, locator=place, why=why, text=row.text[:_LONGEST_TEXT])


def _columns(values: Mapping[str, str]) -> dict[str, str | None]:
    """Drop what PowerShell writes for a value that it cannot; give EvtxECmd's times their zone."""
    kept: dict[str, str | None] = {
        name.replace(" ", ""): value
        for name, value in values.items()
        if value and not _PLACEHOLDER.fullmatch(value)
    }
    if values.keys() >= _UTC_COLUMNS and kept.get("TimeCreated"):
        kept["TimeCreated"] = f"{str(kept['TimeCreated']).replace(' ', 'T')}Z"
    return kept
