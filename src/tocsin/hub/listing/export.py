"""The filtered list as a file: streamed, harmless in a spreadsheet, and recorded as a reading.

Rows are fetched by keyset, a chunk at a time: memory stays flat, and no database cursor or transaction stays
open however slowly the file is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from tocsin.hub.accounts.models import Reading
from tocsin.hub.listing.lists import Listing
from tocsin.hub.lists.keyset import Order, page
from tocsin.hub.rules.cells import as_csv

CHUNK = 2_000
AT_MOST = 10_000
"""Rows that one person may take away alone; more are a bulk export, which a second person approves."""

Written = Iterator[bytes]


def write_csv(listing: Listing, rows: Iterator[Any]) -> Written:
    """Comma-separated values with a header, in UTF-8; cells that begin like formulas are made harmless."""
    header = [column.key for column in listing.columns]
    cells = ([_text(column.value(row)) for column in listing.columns] for row in rows)
    for line in as_csv(header, cells):
        yield line.encode("utf-8", "replace")


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else plain(value)


def plain(value: object) -> object:
    """A value for JSON: dates as ISO 8601, numbers, truths and None as they are, all else as text."""
    if value is None or isinstance(value, bool | int | float | list | dict):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def write_json(listing: Listing, rows: Iterator[Any]) -> Written:
    """An array of objects, one a line, in UTF-8."""
    begun = b"["
    for row in rows:
        values = {column.key: plain(column.value(row)) for column in listing.columns}
        yield begun + b"\n" + msgspec.json.encode(values)
        begun = b","
    yield (begun if begun == b"[" else b"") + b"\n]\n"


FORMATS: dict[str, tuple[str, Callable[[Listing, Iterator[Any]], Written]]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "json": ("application/json", write_json),
}


def walk(rows: QuerySet[Any], order: Order) -> Iterator[Any]:
    """Every row in order, fetched in chunks by keyset."""
    found = page(rows, order=order.fields, size=CHUNK)
    yield from found.rows
    while found.after:
        found = page(rows, order=order.fields, cursor=found.after, size=CHUNK)
        yield from found.rows


def response(
    listing: Listing, rows: QuerySet[Any], order: Order, *, form: str, reading: Reading | None
) -> StreamingHttpResponse:
    """The file as an answer; ``reading`` learns in the end how many rows were taken."""
    kind, write = FORMATS[form]
    answer = StreamingHttpResponse(write(listing, _counted(walk(rows, order), reading)), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{listing.key}.{form}"'
    return answer


def _counted(rows: Iterator[Any], reading: Reading | None) -> Iterator[Any]:
    taken = 0
    try:
        for taken, row in enumerate(rows, start=1):  # noqa: B007 - read when the file ends, or is cut off
            yield row
    finally:
        if reading is not None:
            Reading.objects.filter(pk=reading.pk).update(rows=taken)
