"""From a filled workbook back to answers: what each cell says, and what of it nobody can take for an answer.

Whatever a workbook says is somebody's word: it is read into claims and never into proofs.
"""

from __future__ import annotations

import re

from msgspec import Struct

from tocsin.hub.rules.workbooks.filling import opened
from tocsin.hub.rules.workbooks.layout import Layout, SheetLayout, Table, Target, word_of
from tocsin.hub.rules.workbooks.package import open_book
from tocsin.hub.rules.workbooks.sheet import Sheet


class Said(Struct, frozen=True, kw_only=True):
    """What one cell says. ``word`` is the answer that its text stands for, if it is one of those offered."""

    text: str
    word: str = ""


class TakenRow(Struct, frozen=True, kw_only=True):
    """One row of a table that says anything, with its number."""

    number: int
    said: dict[str, Said]


class Taken(Struct, frozen=True, kw_only=True):
    """A workbook as it was read.

    Attributes:
        cells: by `Target.key`, what the single cells say; empty cells are left out.
        rows: likewise for the rows of each kind of table.
        doubts: what could not be understood, each with its cell; the text is kept all the same.
    """

    cells: dict[str, Said]
    rows: dict[str, tuple[TakenRow, ...]]
    doubts: tuple[str, ...]


def read(layout: Layout, data: bytes, *, where: str) -> Taken:
    """Read a filled workbook.

    Raises:
        UsageFault: it is no workbook, or not the layout's.
    """
    book = open_book(data, where=where)
    cells: dict[str, Said] = {}
    rows: dict[str, tuple[TakenRow, ...]] = {}
    doubts: list[str] = []
    for each in layout.sheets:
        sheet = opened(book, each, where=where)
        cells |= {
            target.key: said
            for place, target in each.cells.items()
            if (said := _said(sheet, each, place, target, doubts))
        }
        if each.table:
            found = _rows(sheet, each, each.table, doubts)
            rows[each.table.per] = (*rows.get(each.table.per, ()), *found)
    return Taken(cells=cells, rows=rows, doubts=tuple(doubts))


def _rows(sheet: Sheet, layout: SheetLayout, table: Table, doubts: list[str]) -> list[TakenRow]:
    """Read to the last row that holds anything: people go on below the place that was made for them."""
    found = []
    for number in range(table.first, max(table.last, sheet.last_row()) + 1):
        said = {
            target.key: one
            for column, target in table.columns.items()
            if (one := _said(sheet, layout, f"{column}{number}", target, doubts))
        }
        if said:
            found.append(TakenRow(number=number, said=said))
    return found


_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What a cell can spell (``_x0000_``, ``_xD800_``) and no database keeps."""


def _said(sheet: Sheet, layout: SheetLayout, place: str, target: Target, doubts: list[str]) -> Said | None:
    text = _NO_TEXT.sub("\ufffd", sheet.day(place) if target.kind == "day" else sheet.text(place))
    if not text.strip():
        return None
    word = word_of(target, text) if target.says else ""
    if target.says and not word:
        doubts.append(f"{layout.name}!{place}: {text[:200]!r} is none of the answers that this cell offers")
    return Said(text=text, word=word)
