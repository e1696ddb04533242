"""Small numbers left out of published figures, and enough others that nobody computes them back.

A cell of 1 to 4 could point at a victim. Where exactly one cell of a row or column with a published total is
left out, subtraction gives it back, so the smallest other cell goes too (complementary suppression).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)
LEAST = 5


def suppress(figures: Mapping[Row, int], least: int = LEAST) -> dict[Row, int | None]:
    """A row of figures whose total is published: None for each that must not be."""
    table = suppress_table({row: {"": figure} for row, figure in figures.items()}, least, rows=False)
    return {row: cells[""] for row, cells in table.items()}


def suppress_table(
    table: Mapping[Row, Mapping[Column, int]], least: int = LEAST, *, rows: bool = True
) -> dict[Row, dict[Column, int | None]]:
    """A table whose totals by row (unless ``rows`` is false) and by column are published.

    Zero is published: it names nobody. What is left out in a line adds up to at least ``least``, where the
    line has that much.
    """
    hidden = {(row, column) for row, cells in table.items() for column, n in cells.items() if 0 < n < least}
    lines = [[(row, column) for row in table if column in table[row]] for column in _columns(table)]
    if rows:
        lines += [[(row, column) for column in cells] for row, cells in table.items()]
    while any([_cover(table, line, hidden, least) for line in lines]):  # noqa: C419 - every line, each time
        pass
    return {
        row: {column: None if (row, column) in hidden else n for column, n in cells.items()}
        for row, cells in table.items()
    }


def _columns(table: Mapping[Row, Mapping[Column, int]]) -> list[Column]:
    return list(dict.fromkeys(column for cells in table.values() for column in cells))


def _cover(
    table: Mapping[Row, Mapping[Column, int]],
    line: list[tuple[Row, Column]],
    hidden: set[tuple[Row, Column]],
    least: int,
) -> bool:
    """Hide one more cell of a line that would give itself away. Tells whether it did."""
    covered = [cell for cell in line if cell in hidden]
    if not covered or (len(covered) > 1 and sum(table[row][column] for row, column in covered) >= least):
        return False
    others = [
        (table[row][column], place) for place, (row, column) in enumerate(line) if (row, column) not in hidden
    ]
    others = [pair for pair in others if pair[0] > 0] or others
    if not others:
        return False
    hidden.add(line[min(others)[1]])
    return True
