"""Pages of a list by keyset: the cursor says behind which row to go on, so page 5,000 costs what page 1 does.

Nothing is counted. The order must end in a unique column, hold no nulls, and have an index. The condition
``a <= x AND (a < x OR id < y)`` begins with a plain range, which both databases answer from that index.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
LONGEST = 1_000
TEXT = 600
Key = str | int | float | datetime | date | None


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Behind (or, backwards, before) which row a page begins: the order, and that row's values in it."""

    order: tuple[str, ...]
    values: tuple[str | int | float, ...]
    backwards: bool = False


class Page(Generic[Row]):
    """Rows, and the cursors of the pages after and before them; empty where there is none."""

    def __init__(self, rows: Sequence[Row], *, after: str, before: str) -> None:
        """Hold what `page` found."""
        self.rows = rows
        self.after = after
        self.before = before


def page(rows: QuerySet[Row], *, order: Sequence[str], cursor: str = "", size: int = 50) -> Page[Row]:
    """One page of ``rows``.

    Args:
        rows: filtered, not yet sorted.
        order: fields, ``-`` for descending; the last one unique. All in one direction are fastest.
        cursor: ``after`` or ``before`` of another page; one that does not fit the order starts anew.
        size: rows at most, up to 1,000.
    """
    size = max(1, min(size, LONGEST))
    where = _read(cursor, tuple(order))
    backwards = bool(where and where.backwards)
    sought = rows.order_by(*(_turned(order) if backwards else order))
    if where:
        sought = _cut(sought, tuple(_turned(order)) if backwards else tuple(order), where.values)
    found = list(sought[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    return _with_cursors(found, tuple(order), more=more, where=where)


def _cut(sought: QuerySet[Row], order: tuple[str, ...], values: tuple[Any, ...]) -> QuerySet[Row]:
    """The rows behind these values; all of them, where somebody changed a value to another type."""
    try:
        return sought.filter(_behind(order, values))
    except (ValueError, ValidationError):
        return sought


def _with_cursors(found: list[Row], order: tuple[str, ...], *, more: bool, where: Cursor | None) -> Page[Row]:
    backwards = bool(where and where.backwards)
    onwards = bool(found) and (more or backwards)
    back = bool(found) and (more if backwards else where is not None)
    return Page(
        found,
        after=_write(order, found[-1], backwards=False) if onwards else "",
        before=_write(order, found[0], backwards=True) if back else "",
    )


def _turned(order: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def _behind(order: tuple[str, ...], values: tuple[Any, ...]) -> Q:
    """Rows strictly behind these values in this order."""
    name, value = order[0].lstrip("-"), values[0]
    side = "lt" if order[0].startswith("-") else "gt"
    strictly = Q(**{f"{name}__{side}": value})
    if len(order) == 1:
        return strictly
    return Q(**{f"{name}__{side}e": value}) & (strictly | _behind(order[1:], values[1:]))


def _write(order: tuple[str, ...], row: Model, *, backwards: bool) -> str:
    values = tuple(_plain(_of(row, name.lstrip("-"))) for name in order)
    packed = msgspec.json.encode(Cursor(order, values, backwards))
    return urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def _of(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Key) -> str | int | float:
    """A value as JSON holds it; times keep their microseconds."""
    if isinstance(value, str):
        return str(value)
    return value if isinstance(value, (int, float)) else value.isoformat() if value is not None else ""


def _read(cursor: str, order: tuple[str, ...]) -> Cursor | None:
    """A cursor from an address, or None where somebody made it up."""
    if not cursor or len(cursor) > LONGEST:
        return None
    try:
        packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        read = msgspec.json.decode(packed, type=Cursor)
    except ValueError:
        return None
    sound = read.order == order and len(read.values) == len(order)
    return read if sound and all(_possible(value) for value in read.values) else None


def _possible(value: str | float) -> bool:
    """Whether a database takes it: no NUL, no number beyond 64 bits."""
    if isinstance(value, str):
        return "\0" not in value and len(value) <= TEXT
    return -(2**63) <= value < 2**63
