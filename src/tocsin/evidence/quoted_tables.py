"""Delimited tables whose quoted values run over several lines, read row by row within bounds.

``csv`` is not used, for the reasons of ``tocsin.evidence.delimited``; a quote that is never closed
costs the rows up to the bound, not the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tocsin.evidence.delimited import MOST_COLUMNS, split_values, unique_names
from tocsin.evidence.source import Source

_DELIMITERS = (",", ";", "\t")
_MOST_LINES = 2_000
_MOST_CHARACTERS = 1 << 20


class TableRow(Struct, frozen=True, kw_only=True):
    """One row: its first line, its text, and its values under their columns.

    ``values`` is None where the row has another number of values than the table has columns.
    """

    line: int
    text: str
    values: dict[str, str] | None


def header_of(line: str) -> tuple[tuple[str, ...], str] | None:
    """Give columns and delimiter of a first line, or None if it has fewer than three columns."""
    delimiter = max(_DELIMITERS, key=line.count)
    names = [name.strip().strip("\ufeff") for name in split_values(line, delimiter)]
    if not 3 <= len(names) <= MOST_COLUMNS:  # noqa: PLR2004 - fewer are prose
        return None
    return unique_names(names), delimiter


def is_comment(line: str) -> bool:
    """Tell whether a line is PowerShell's ``#TYPE`` or empty, before the header."""
    return not line.strip() or line.startswith("#TYPE")


def read_rows(source: Source) -> Iterator[TableRow]:
    """Yield the header as a row without values, then every row; ``#TYPE`` and blank lines are left out."""
    header: tuple[tuple[str, ...], str] | None = None
    for number, text in _logical_lines(source):
        if is_comment(text):
            continue
        if header is None:
            header = header_of(text) or ((), ",")
            yield TableRow(line=number, text=text, values=None)
            continue
        values = split_values(text, header[1])
        fits = len(values) == len(header[0])
        yield TableRow(
            line=number, text=text, values=dict(zip(header[0], values, strict=True)) if fits else None
        )


def _logical_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Join lines until quotes are closed, or the bound is reached."""
    held: list[str] = []
    first = size = odd = 0
    for line in source.lines():
        first = first if held else line.number
        held.append(line.text)
        size += len(line.text)
        odd ^= line.text.count('"') & 1
        if not odd or len(held) >= _MOST_LINES or size > _MOST_CHARACTERS:
            yield first, "\n".join(held)
            held, size, odd = [], 0, 0
    if held:
        yield first, "\n".join(held)
