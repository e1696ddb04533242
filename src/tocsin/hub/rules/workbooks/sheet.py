"""One sheet's cells: read them, and change some of them where they stand.

The sheet is not parsed and written again: the places of its cells are found in the bytes, and only the
wanted cells are replaced, so that formats, protection, lists of choices and everything unknown stay as they
are. Texts are written as inline strings, which no program takes for formulas (ECMA-376 part 1, 18.3.1.4 and
18.18.11); characters that XML has no place for as ``_x0007_`` (22.9.2.19), and read back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.model.expressions import compiled

LONGEST = 32_767
"""Characters (UTF-16 units) that a cell holds, says Excel."""

Value = str | int | float | date

_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})\Z")
_SPELT = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TAG = compiled(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*+>""")
_FIRST_DAY, _FIRST_OF_1904 = date(1899, 12, 30), date(1904, 1, 1)


class Cell(Struct, frozen=True, kw_only=True):
    """A cell as it stands in the sheet's bytes, from ``start`` to ``end``."""

    place: str
    start: int
    end: int
    style: str
    kind: str
    text: str
    formula: bool


class _Row(Struct):
    number: int
    start: int
    end: int
    closed: bool  # written as <row …/>
    cells: list[Cell]


class Sheet:
    """The cells of one sheet."""

    def __init__(self, data: bytes, *, strings: Sequence[str], dates_from_1904: bool = False) -> None:
        """Find every cell.

        Raises:
            UsageFault: the sheet is damaged.
        """
        self._data = data
        self._strings = strings
        self._first_day = _FIRST_OF_1904 if dates_from_1904 else _FIRST_DAY
        scan = _Scan(data)
        self._rows, self._prefix, self._table_end = scan.rows, scan.prefix, scan.table_end
        self._cells = {cell.place: cell for row in self._rows for cell in row.cells}

    def text(self, place: str) -> str:
        """Give what a cell says, as text; an empty one says nothing."""
        cell = self._cells.get(place)
        return self._said(cell) if cell else ""

    def day(self, place: str) -> str:
        """Give a cell that holds a day as ISO 8601; any other text as it is."""
        cell = self._cells.get(place)
        text = self._said(cell) if cell else ""
        if not cell or cell.kind not in {"", "n"} or not text:
            return text
        try:
            return (self._first_day + timedelta(days=int(float(text)))).isoformat()
        except (ValueError, OverflowError):
            return text

    def last_row(self) -> int:
        """Give the number of the last row that has a cell."""
        return max((row.number for row in self._rows if row.cells), default=0)

    def _said(self, cell: Cell) -> str:
        if cell.kind == "s":
            number = int(cell.text) if cell.text.isascii() and cell.text.isdigit() else -1
            if not 0 <= number < len(self._strings):
                raise UsageFault("a cell names a text that the workbook does not have.", where=cell.place)
            return unspelt(self._strings[number])
        if cell.kind == "b":
            return "yes" if cell.text == "1" else "no"
        return unspelt(cell.text) if cell.kind in {"inlineStr", "str"} else _number(cell.text)

    def changed(self, values: Mapping[str, Value]) -> bytes:
        """Give the sheet with some cells changed.

        Raises:
            UsageFault: a value does not fit into a cell, there is no such cell, or a formula stands there.
        """
        wanted: dict[int, dict[str, Value]] = {}
        for place, value in values.items():
            wanted.setdefault(_split(place)[1], {})[place] = value
        edits = [edit for number, cells in wanted.items() for edit in self._row(number, cells)]
        return _spliced(self._data, edits)

    def _row(self, number: int, values: Mapping[str, Value]) -> Iterable[tuple[int, int, int, bytes]]:
        row = next((row for row in self._rows if row.number == number), None)
        order = sorted(values, key=lambda place: _column(_split(place)[0]))
        if row is None:
            later = (each.start for each in self._rows if each.number > number)
            at = min(later, default=self._table_end)
            inside = "".join(self._cell(place, values[place], None) for place in order)
            tag = f"{self._prefix}row"
            yield at, at, number, f'<{tag} r="{number}">{inside}</{tag}>'.encode()
        elif row.closed:
            inside = "".join(self._cell(place, values[place], None) for place in order)
            opened = self._data[row.start : row.end].rstrip(b" />").decode()
            yield row.start, row.end, 0, f"{opened}>{inside}</{self._prefix}row>".encode()
        else:
            yield from self._cells_of(row, order, values)

    def _cells_of(
        self, row: _Row, order: Sequence[str], values: Mapping[str, Value]
    ) -> Iterable[tuple[int, int, int, bytes]]:
        for place in order:
            here = self._cells.get(place)
            if here is not None and here.formula:
                raise UsageFault("a formula stands in this cell: it is not overwritten", where=place)
            text = self._cell(place, values[place], here).encode()
            if here is not None:
                yield here.start, here.end, 0, text
                continue
            column = _column(_split(place)[0])
            later = (cell.start for cell in row.cells if _column(_split(cell.place)[0]) > column)
            at = min(later, default=self._data.rindex(b"<", row.start, row.end))
            yield at, at, column, text

    def _cell(self, place: str, value: Value, here: Cell | None) -> str:
        tag, style = f"{self._prefix}c", f' s="{here.style}"' if here and here.style else ""
        if isinstance(value, str):
            return self._string(place, value, style)
        number = repr((value - self._first_day).days) if isinstance(value, date) else repr(value)
        if isinstance(value, datetime) or (isinstance(value, float) and not math.isfinite(value)):
            raise UsageFault("a cell takes texts, finite numbers and days", where=place)
        inner = f"{self._prefix}v"
        return f'<{tag} r="{place}"{style}><{inner}>{number}</{inner}></{tag}>'

    def _string(self, place: str, value: str, style: str) -> str:
        tag = f"{self._prefix}c"
        if not value:
            return f'<{tag} r="{place}"{style}/>'
        text = spelt(value)
        if len(text.encode("utf-16-le")) // 2 > LONGEST:
            raise UsageFault(
                f"a cell holds {LONGEST:,} characters, and this text is longer",
                where=place,
                remedy="Say it in fewer words.",
            )
        inside, inner = f"{self._prefix}is", f"{self._prefix}t"
        return (
            f'<{tag} r="{place}"{style} t="inlineStr"><{inside}>'
            f'<{inner} xml:space="preserve">{escape(text)}</{inner}></{inside}></{tag}>'
        )


def spelt(text: str) -> str:
    """Spell a text for a cell: what XML has no place for, and what would be read as such a spelling."""
    text = _SPELT.sub(lambda found: f"_x005F{found[0]}", text)
    return _NOT_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unspelt(text: str) -> str:
    """Give the text that was meant by what stands in a cell."""
    return _SPELT.sub(lambda found: chr(int(found[1], 16)), text)


def _number(text: str) -> str:
    """Write whole numbers without the fraction that some programs keep."""
    whole, point, rest = text.partition(".")
    return whole if point and not rest.strip("0") else text


def _split(place: str) -> tuple[str, int]:
    found = _PLACE.match(place)
    if found is None:
        raise UsageFault(f"{place!r} is no cell", remedy="Write it as B7.")
    return found[1], int(found[2])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _spliced(data: bytes, edits: Iterable[tuple[int, int, int, bytes]]) -> bytes:
    """Replace from the front; of insertions at one place the lower number comes first."""
    parts, at = [], 0
    for start, end, _, text in sorted(edits):
        parts += [data[at:start], text]
        at = end
    return b"".join([*parts, data[at:]])


class _Scan:
    """Walks through a sheet once and keeps where its rows and cells begin and end."""

    def __init__(self, data: bytes) -> None:
        if b"<!DOCTYPE" in data or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            raise UsageFault("a sheet has a document type, or is not in UTF-8.")
        self._data = data
        self.rows: list[_Row] = []
        self.prefix = ""
        self.table_end = 0
        self._cell: dict[str, Any] | None = None
        self._texts: list[str] | None = None
        self._hint = 0
        self._walk()
        if not self.table_end:
            raise UsageFault("a sheet of the workbook holds no table.")

    def _walk(self) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._chars
        self._parser = parser
        try:
            parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise UsageFault(f"a sheet of the workbook is damaged: {error}") from error

    def _begin(self, name: str, given: dict[str, str]) -> None:
        prefix, _, local = name.rpartition(":")
        start = self._parser.CurrentByteIndex
        if local == "sheetData":
            self.prefix = f"{prefix}:" if prefix else ""
            self._refuse_empty(start)
        elif local == "row":
            before = self.rows[-1].number if self.rows else 0
            end = _tag_end(self._data, start)
            closed = self._data[end - 2 : end] == b"/>"
            self.rows.append(_Row(_index(given.get("r"), before + 1), start, end, closed, []))
        elif local == "c" and self.rows:
            self._cell = {"start": start, "given": given, "text": [], "formula": False}
        elif local == "rPh":
            self._hint += 1
        elif self._cell is not None and local in {"v", "t"} and not self._hint:
            self._texts = self._cell["text"]
        elif self._cell is not None and local == "f":
            self._cell["formula"] = True

    def _chars(self, text: str) -> None:
        if self._texts is not None:
            self._texts.append(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        at = self._parser.CurrentByteIndex
        if local == "sheetData":
            self.table_end = at
        elif local == "row" and self.rows:
            row = self.rows[-1]
            row.end = row.end if row.closed else _tag_end(self._data, at)
        elif local == "c" and self._cell is not None:
            opened = _tag_end(self._data, self._cell["start"])
            alone = self._data[opened - 2 : opened] == b"/>"
            self._keep(self._cell, opened if alone else _tag_end(self._data, at))
            self._cell = None
        elif local == "rPh":
            self._hint -= 1
        elif local in {"v", "t"}:
            self._texts = None

    def _refuse_empty(self, start: int) -> None:
        end = _tag_end(self._data, start)
        if self._data[end - 2 : end] == b"/>":
            raise UsageFault("a sheet of the workbook is empty.")

    def _keep(self, cell: dict[str, Any], end: int) -> None:
        given, row = cell["given"], self.rows[-1]
        place = given.get("r") or f"{letters(len(row.cells) + 1)}{row.number}"
        row.cells.append(
            Cell(
                place=place,
                start=cell["start"],
                end=end,
                style=given.get("s", "") if given.get("s", "").isdigit() else "",
                kind=given.get("t", ""),
                text="".join(cell["text"]),
                formula=cell["formula"],
            )
        )


def _index(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else otherwise  # noqa: PLR2004 - Excel has 1,048,576 rows


def letters(number: int) -> str:
    """Give a column's letters by its number, from 1: A, B … Z, AA."""
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def _tag_end(data: bytes, at: int) -> int:
    """Give where the tag that begins at ``at`` ends; a value in quotes may hold the closing sign.

    The parser itself does not tell: the end of an element that is closed at once it reports behind its tag.
    """
    found = _TAG.match(data, at)
    return found.end() if found else len(data)
