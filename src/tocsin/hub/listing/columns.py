"""Columns of a list: where each value comes from, how it is shown, and the order that it sorts by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column. ``key`` names it in exported files; ``order`` is the key of the order that its head offers.

    ``kind`` is one of `drawing.KINDS`. ``value`` takes a row; ``link`` takes one and
    gives an address, or nothing.
    """

    key: str
    label: str
    value: Callable[[Any], object]
    kind: str = "text"
    link: Callable[[Any], str | None] | None = None
    order: str = ""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A column's head: the address that sorts by it, and how the list is sorted by it now."""

    column: Column
    address: str | None
    sorted: str  # "ascending", "descending" or nothing, as aria-sort has it
