"""From answers to a filled workbook, with the proof of every cell beside it.

A cell takes few words; what stands behind it does not fit. So each filled cell is told once more in a list
(`FilledCell`): its value, whether that is proven or claimed, why, and where to look. What nobody has
answered stays empty: an empty cell is not a "no".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.workbooks.layout import Layout, SheetLayout, Target
from tocsin.hub.rules.workbooks.package import Book, open_book, written
from tocsin.hub.rules.workbooks.sheet import Sheet, Value


class Entry(Struct, frozen=True, kw_only=True):
    """What goes into a cell. ``value`` is a word of the target's ``says``, or a text, number or day.

    Attributes:
        standing: ``proven``, ``claimed`` … for answers; empty for facts of the register.
        reason: why, in words.
        locators: where to look.
    """

    value: str | int | date = ""
    standing: str = ""
    reason: str = ""
    locators: tuple[str, ...] = ()


Entries = Mapping[str, Entry]
"""By `Target.key`, without the notes, which are made of the other entries."""


class Filling(Struct, frozen=True, kw_only=True):
    """All that goes into a workbook: single cells, and the rows of each kind of table."""

    cells: Entries
    rows: Mapping[str, Sequence[Entries]]


class FilledCell(Struct, frozen=True, kw_only=True):
    """One filled cell with what stands behind it."""

    file: int
    sheet: str
    cell: str
    about: str
    value: str
    standing: str
    reason: str
    locators: tuple[str, ...]


class Filled(Struct, frozen=True, kw_only=True):
    """A filled workbook; one of several where there are more rows than it has."""

    data: bytes
    cells: tuple[FilledCell, ...]


def fill(layout: Layout, template: bytes, filling: Filling) -> list[Filled]:
    """Fill a workbook; what its tables cannot hold goes on in a second file, and so on.

    Raises:
        UsageFault: the template is not the layout's, or a value does not fit.
    """
    book = open_book(template, where=layout.file)
    sheets = {sheet.name: opened(book, sheet, where=layout.file) for sheet in layout.sheets}
    return [_filled(layout, book, sheets, filling, number) for number in range(_files(layout, filling))]


def opened(book: Book, layout: SheetLayout, *, where: str) -> Sheet:
    """Give a sheet, once its checks show that it is the one meant.

    Raises:
        UsageFault: it is not.
    """
    if layout.name not in book.sheets:
        raise UsageFault(f"the workbook has no sheet {layout.name!r}.", where=where)
    part = book.part(book.sheets[layout.name])
    sheet = Sheet(part, strings=book.strings, dates_from_1904=book.dates_from_1904)
    for place, text in layout.checks.items():
        if not _plain(sheet.text(place)).startswith(_plain(text)):
            raise UsageFault(
                f"{layout.name}!{place} should say {text!r}: this is another workbook, or another version.",
                where=where,
            )
    return sheet


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _files(layout: Layout, filling: Filling) -> int:
    most = 1
    for sheet in layout.sheets:
        if sheet.table:
            size, rows = sheet.table.last - sheet.table.first + 1, len(filling.rows.get(sheet.table.per, ()))
            most = max(most, -(-rows // size))
    return most


def _filled(layout: Layout, book: Book, sheets: Mapping[str, Sheet], filling: Filling, number: int) -> Filled:
    cells: list[FilledCell] = []
    changed = {}
    for each in layout.sheets:
        values: dict[str, Value] = {}
        for place, target, entry in _entries(each, filling, number):
            value = _said(target, entry, where=f"{each.name}!{place}")
            if value != "":
                values[place] = value
                cells.append(_told(number, each.name, place, target, entry, value))
        changed[book.sheets[each.name]] = sheets[each.name].changed(values)
    return Filled(data=written(book, changed), cells=tuple(cells))


def _entries(sheet: SheetLayout, filling: Filling, number: int) -> Iterator[tuple[str, Target, Entry]]:
    for place, target in sheet.cells.items():
        yield place, target, _entry(target, filling.cells)
    table = sheet.table
    if table is None:
        return
    size = table.last - table.first + 1
    rows = filling.rows.get(table.per, ())[number * size : (number + 1) * size]
    for offset, row in enumerate(rows):
        for column, target in table.columns.items():
            yield f"{column}{table.first + offset}", target, _entry(target, row)


def _entry(target: Target, entries: Entries) -> Entry:
    if not target.notes:
        return entries.get(target.key, Entry())
    found = [(name, entries.get(f"requirement:{name}", Entry())) for name in target.notes]
    told = [(name, entry) for name, entry in found if entry.reason or entry.locators]
    return Entry(
        value="\n".join(_note(name, entry) for name, entry in told),
        locators=tuple(dict.fromkeys(place for _, entry in told for place in entry.locators)),
    )


def _note(name: str, entry: Entry) -> str:
    places = f" ({', '.join(entry.locators[:3])}{' …' if len(entry.locators) > 3 else ''})"  # noqa: PLR2004 - a cell is small; all of them stand in the list
    return f"{name}: {entry.standing}: {entry.reason}{places if entry.locators else ''}"


def _said(target: Target, entry: Entry, *, where: str) -> Value:
    if isinstance(entry.value, str) and entry.value and target.says:
        if entry.value not in target.says:
            raise UsageFault(f"this cell has no words for {entry.value!r}", where=where)
        return target.says[entry.value]
    return entry.value


def _told(number: int, sheet: str, place: str, target: Target, entry: Entry, value: Value) -> FilledCell:
    return FilledCell(
        file=number + 1,
        sheet=sheet,
        cell=place,
        about=target.key,
        value=str(value),
        standing=entry.standing,
        reason=entry.reason,
        locators=entry.locators,
    )


PROOFS = ("file", "sheet", "cell", "about", "value", "standing", "reason", "locators")
"""Columns of the list that goes with a filled workbook."""


def proof_rows(filled: Sequence[Filled]) -> Iterator[tuple[object, ...]]:
    """Give the rows of the list: one for each filled cell."""
    for each in filled:
        for cell in each.cells:
            values = [getattr(cell, name) for name in PROOFS[:-1]]
            yield (*values, "; ".join(cell.locators))
