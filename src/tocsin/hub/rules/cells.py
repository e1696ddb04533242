"""Cells of CSV files that no spreadsheet takes for a formula.

Host names and organisations are written by strangers; Excel and LibreOffice run a text that begins with
``=``, ``+``, ``-`` or ``@`` (OWASP, CSV injection; also after a tab or a line end, and in full width).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

RUNS = frozenset("=+-@\t\r\n|＝＋－＠")  # noqa: RUF001 - full width, as meant
Cell = object


def safe(cell: Cell) -> str | int | float:
    """The cell as it may stand in a file: numbers as they are, a text that could run behind an apostrophe."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return cell
    text = "" if cell is None else str(cell).replace("\0", "")
    return f"'{text}" if text and (text[0] in RUNS or text.lstrip()[:1] in RUNS) else text


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Lines of a CSV file (UTF-8 once encoded, CRLF), one string for each row."""
    for row in ([header], rows):
        for cells in row:
            line = io.StringIO(newline="")
            csv.writer(line).writerow([safe(cell) for cell in cells])
            yield line.getvalue()
