"""Columns of a list: where each value comes from, how it is shown, and the order that it sorts by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

KINDS = ("text", "code", "number", "state", "moment", "day", "flag")
"""How a value is shown: as text, in fixed width, to the right, as a state, a time (UTC), a day, yes or no."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column. ``key`` names it in exported files; ``order`` is the key of the order that its head offers.

    ``value`` takes a row; ``link`` takes a row and gives an address, or nothing.
    """

    key: str
    label: str
    value: Callable[[Any], object]
    kind: str = "text"
    link: Callable[[Any], str | None] | None = None
    order: str = ""

    def cell(self, row: Any) -> Cell:
        """What stands in this column of a row."""
        return Cell(column=self, value=self.value(row), link=self.link(row) if self.link else None)


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One value of one row, with the address that it leads to."""

    column: Column
    value: Any
    link: str | None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A column's head: the address that sorts by it, and how the list is sorted by it now."""

    column: Column
    address: str | None
    sorted: str  # "ascending", "descending" or nothing, as aria-sort has it
