"""Pages of a list by keyset: the cursor says behind which row to go on, so that all pages cost the same.

Nothing is counted. An order's fields end in a unique one, hold no nulls, and have an index. Where all run in
one direction, rows are compared as rows, ``(last_seen, id) < (…)``: one look into the index, also where
hundreds of thousands of servers were last seen in the same census. Otherwise ``a <= x AND (a < x OR id < y)``
has to do.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import msgspec
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

Row = TypeVar("Row", bound=Model)
LONGEST = 1_000
MOST = 2_000
TEXT = 600
Key = str | int | float | datetime | date | None


class BadCursor(BadRequest):
    """Somebody made this cursor up, or took it from another order; begin again at the first page."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A way to sort that an index serves, under the key that stands in the address.

    ``fields`` as `page` takes them, in the direction that people want first. ``alone``: only while nothing
    is filtered, as no index holds the filter and this order together.
    """

    key: str
    label: str
    fields: tuple[str, ...]
    alone: bool = False

    @property
    def descending(self) -> bool:
        """Whether it begins with the greatest."""
        return self.fields[0].startswith("-")

    @property
    def asked_as(self) -> str:
        """What stands in the address for it."""
        return f"-{self.key}" if self.descending else self.key

    def turned(self) -> Order:
        """The same order from its other end."""
        return msgspec.structs.replace(self, fields=tuple(_turned(self.fields)))


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Behind (or, backwards, before) which row a page begins: its order, and that row's values."""

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
        cursor: ``after`` or ``before`` of another page in the same order.
        size: rows at most, up to 2,000.

    Raises:
        BadCursor: the cursor is none of this order's.
    """
    size = max(1, min(size, MOST))
    where = _read(cursor, tuple(order))
    backwards = bool(where and where.backwards)
    sought = rows.order_by(*(_turned(order) if backwards else order))
    if where:
        sought = _cut(sought, tuple(_turned(order)) if backwards else tuple(order), where.values)
    found = _fetched(rows, list(sought.values_list("pk", flat=True)[: size + 1]))
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    return _with_cursors(found, tuple(order), more=more, where=where)


def _fetched(rows: QuerySet[Row], keys: list[Any]) -> list[Row]:
    """The rows of these keys, in their order.

    Keys come first and alone: with other tables joined to the query, SQLite at times walks those instead of
    the index that holds the order.
    """
    by_key = {row.pk: row for row in rows.order_by().filter(pk__in=keys)}
    return [by_key[key] for key in keys if key in by_key]


def _cut(sought: QuerySet[Row], order: tuple[str, ...], values: tuple[Any, ...]) -> QuerySet[Row]:
    try:
        return sought.filter(_behind(sought.model, order, values))
    except (ValueError, OverflowError, ValidationError) as error:
        raise BadCursor("The address names no place in this list; begin again at its first page.") from error


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


class _Together(Func):
    """Several values as one row: ``(a, b)``."""

    template = "(%(expressions)s)"
    output_field = BooleanField()  # pyright: ignore[reportAssignmentType] - no type of Django's; one must be


def _behind(
    model: type[Model], order: tuple[str, ...], values: tuple[Any, ...]
) -> Q | LessThan[Any] | GreaterThan[Any]:
    """Rows strictly behind these values in this order."""
    if len({name.startswith("-") for name in order}) > 1:
        return _behind_mixed(order, values)
    names = [name.lstrip("-") for name in order]
    fields = [_field(model, name) for name in names]
    here = [
        Value(field.to_python(value), output_field=field) for field, value in zip(fields, values, strict=True)
    ]
    compare = LessThan if order[0].startswith("-") else GreaterThan
    return compare(_Together(*map(F, names)), _Together(*here))


def _field(model: type[Model], path: str) -> Field[Any, Any]:
    field: Any = None
    for name in path.split("__"):
        field = model._meta.pk if name == "pk" else model._meta.get_field(name)  # noqa: SLF001 - documented
        model = field.related_model or model
    if not isinstance(field, Field):
        raise FieldDoesNotExist(path)
    return field


def _behind_mixed(order: tuple[str, ...], values: tuple[Any, ...]) -> Q:
    name, value = order[0].lstrip("-"), values[0]
    side = "lt" if order[0].startswith("-") else "gt"
    strictly = Q(**{f"{name}__{side}": value})
    if len(order) == 1:
        return strictly
    return Q(**{f"{name}__{side}e": value}) & (strictly | _behind_mixed(order[1:], values[1:]))


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
    """A cursor from an address; None for the first page."""
    if not cursor:
        return None
    try:
        packed = urlsafe_b64decode(cursor[:LONGEST] + "=" * (-len(cursor) % 4))
        read = msgspec.json.decode(packed, type=Cursor)
    except ValueError as error:
        raise BadCursor("The address names no place in a list; begin again at its first page.") from error
    sound = read.order == order and len(read.values) == len(order)
    if not (sound and all(_possible(value) for value in read.values)):
        raise BadCursor("The address names a place in another list; begin again at its first page.")
    return read


def _possible(value: str | float) -> bool:
    """Whether a database takes it: no NUL, no number beyond 64 bits."""
    if isinstance(value, str):
        return "\0" not in value and len(value) <= TEXT
    return -(2**63) <= value < 2**63
