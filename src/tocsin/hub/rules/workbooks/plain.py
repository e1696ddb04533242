"""A plain workbook of our own: one sheet, texts and whole numbers, no formats (ECMA-376, the least of it)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence

from tocsin.hub.rules.workbooks.sheet import LONGEST, Sheet, Value, letters

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MOMENT = (1980, 1, 1, 0, 0, 0)
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_LINKS}">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_LINKS}">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def plain_book(title: str, rows: Iterable[Sequence[object]]) -> bytes:
    """Give a workbook with one sheet. Texts are texts, whatever they begin with: none of them is a formula.

    A text that is longer than a cell holds is cut: the tables this is for link to the whole.
    """
    values = {
        f"{letters(column)}{number}": _value(cell)
        for number, row in enumerate(rows, start=1)
        for column, cell in enumerate(row, start=1)
    }
    empty = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData></sheetData></worksheet>'
    sheet = Sheet(empty.encode(), strings=()).changed(values)
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f'<sheets><sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**_PARTS, "xl/workbook.xml": book}.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), f"{_HEAD}{text}")
        archive.writestr(zipfile.ZipInfo("xl/worksheets/sheet1.xml", _MOMENT), sheet)
    return out.getvalue()


def _value(cell: object) -> Value:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    return "" if cell is None else str(cell)[: LONGEST // 8]
