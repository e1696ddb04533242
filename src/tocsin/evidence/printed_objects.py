"""Objects as PowerShell prints them, Format-List or Format-Table, found among the lines of a text.

``Name : value`` lines that follow each other are one object, and so is each row under a line of
dashes. Only what turns out to be a request or an event is taken; every other line stays a line.
Layout seen in output of Windows PowerShell 5.1; long values of a table end in ``...``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tocsin.evidence.exported_rows import event_of_row, request_of_row
from tocsin.evidence.lines import Line
from tocsin.model.places import Locator
from tocsin.model.records import Record

_PAIR = re.compile(r"[ >|]{0,8}(?P<name>[A-Za-z@_][\w()@.-]{0,60})\s{0,60}:(?:\s(?P<value>.*)|$)")
_DASHES = re.compile(r"\s{0,8}-{2,80}(?:\s{1,200}-{2,80}){2,60}\s*")
_FEWEST = 3
_MOST_LINES = 200

Piece = tuple[list[Line], Record | None]
"""Lines that belong together, and the record that they show as one, if any."""


def pieces(lines: Iterator[Line], path: str) -> Iterator[Piece]:
    """Yield every line once, in order: those of one printed object together, all others alone."""
    reader = _Reader(path)
    for line in lines:
        yield from reader.take(line)
    yield from reader.flush()


class _Reader:
    """What is held back: the lines of an object, or one line that may be a table's head."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._held: list[Line] = []
        self._row: dict[str, str] = {}
        self._last = ""
        self._columns: list[tuple[str, int, int | None]] = []

    def take(self, line: Line) -> Iterator[Piece]:
        text = line.text
        if self._columns:
            if text.strip():
                yield [line], self._table_row(line)
                return
            self._columns = []
        if _DASHES.fullmatch(text) and len(self._held) == 1 and not self._row:
            self._columns = _columns_of(self._held[0].text, text)
            yield from self.flush()
            yield [line], None
            return
        yield from self._listed(line)

    def flush(self) -> Iterator[Piece]:
        """Give what is held back."""
        held, row = self._held, self._row
        self._held, self._row, self._last = [], {}, ""
        record = self._object(held, row) if len(row) >= _FEWEST else None
        if record is not None:
            yield held, record
        else:
            yield from (([line], None) for line in held)

    def _listed(self, line: Line) -> Iterator[Piece]:
        """Add a line to the object above, or begin anew with it."""
        pair = _PAIR.match(line.text)
        continues = bool(self._row) and line.text[:2].isspace() and bool(line.text.strip())
        full = len(self._held) >= _MOST_LINES
        if pair and not full and (self._row or not self._held) and pair["name"] not in self._row:
            self._last = pair["name"]
            self._row[self._last] = (pair["value"] or "").strip()
        elif continues and not full:
            self._row[self._last] += line.text.strip()
        else:
            yield from self.flush()
            if pair:
                self._last = pair["name"]
                self._row = {self._last: (pair["value"] or "").strip()}
        self._held.append(line)

    def _object(self, held: Sequence[Line], row: Mapping[str, str]) -> Record | None:
        place = Locator(path=self._path, line=held[0].number)
        raw = "\n".join(line.text for line in held)
        return _record_of(row, place, raw)

    def _table_row(self, line: Line) -> Record | None:
        row = {name: line.text[start:end].strip() for name, start, end in self._columns}
        return _record_of(row, Locator(path=self._path, line=line.number), line.text)


def _record_of(row: Mapping[str, str], place: Locator, raw: str) -> Record | None:
    return request_of_row(row, place, raw) or event_of_row(row, place, raw)


def _columns_of(names: str, dashes: str) -> list[tuple[str, int, int | None]]:
    """Give name, start and end of every column: each begins where its dashes do."""
    starts = [found.start() for found in re.finditer(r"-+", dashes)]
    ends: list[int | None] = [*starts[1:], None]
    return [(names[start:end].strip(), start, end) for start, end in zip(starts, ends, strict=True)]
