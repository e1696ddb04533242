"""An answer as people and programs read it: a table, CSV, JSON or JSON lines, never harmful to look at.

Times are in UTC and say so. In the table and in CSV characters that act are shown as escapes, and no cell is
a formula; JSON is spelt so that it is inert.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin.report.findings_csv import cell
from tocsin.report.json_document import inert
from tocsin.report.untrusted import visible
from tocsin.timeline.query import Answer

MOST_SHOWN = 1000
"""Rows of a table; more are for a file."""


def show(answer: Answer, console: Console) -> None:
    """Print a table of the first ``MOST_SHOWN`` rows, and say if there are more."""
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for name in answer.columns:
        table.add_column(Text(visible(name)), overflow="fold")
    shown = 0
    for row in islice(answer.rows, MOST_SHOWN):
        table.add_row(*(Text(visible(_text(value, " "))) for value in row))
        shown += 1
    console.print(table)
    if next(answer.rows, None) is not None:
        console.print(
            f"The first {shown:,} rows; the whole answer with --format csv, or --output.", style="dim"
        )


def as_csv(answer: Answer) -> Iterator[bytes]:
    """Yield the answer as CSV for a spreadsheet: UTF-8 with a mark, CRLF, every cell quoted."""
    page = io.StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    page.write("\ufeff")
    writer.writerow([cell(name) for name in answer.columns])
    for row in answer.rows:
        yield _taken(page)
        writer.writerow([cell(_text(value, "T")) for value in row])
    yield _taken(page)


def as_json_lines(answer: Answer) -> Iterator[bytes]:
    """Yield the answer as JSON lines, one object a row."""
    names = _names(answer)
    for row in answer.rows:
        yield _object(names, row) + b"\n"


def as_json(answer: Answer) -> Iterator[bytes]:
    """Yield the answer as one JSON array of objects."""
    names = _names(answer)
    before = b"["
    for row in answer.rows:
        yield before + b"\n  " + _object(names, row)
        before = b","
    yield b"[]\n" if before == b"[" else b"\n]\n"


FORMATS: dict[str, Callable[[Answer], Iterator[bytes]]] = {
    "csv": as_csv,
    "json": as_json,
    "jsonl": as_json_lines,
}
"""What ``--format`` offers besides the table."""


def _names(answer: Answer) -> tuple[str, ...]:
    """Give every column a name of its own, as an object needs: a second ``a`` is ``a_2``."""
    names: list[str] = []
    for column in answer.columns:
        name, number = column, 2
        while name in names:
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    return tuple(names)


def _object(names: tuple[str, ...], row: tuple[object, ...]) -> bytes:
    plain = {name: _plain(value) for name, value in zip(names, row, strict=True)}
    return inert(msgspec.json.encode(plain).decode()).encode()


def _plain(value: object) -> object:
    """Give a value as JSON has it: times as ISO 8601 in UTC, what JSON lacks as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {_text(key, "T"): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _text(value, "T")


def _text(value: object, between: str) -> str:
    """Give a value as text; ``between`` stands between date and time."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return f"{moment.isoformat(between)}Z"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "; ".join(value)
    if isinstance(value, dict | list | tuple):
        return msgspec.json.encode(_plain(value)).decode()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)


def _taken(page: io.StringIO) -> bytes:
    text = page.getvalue()
    page.seek(0)
    page.truncate()
    return text.encode()
