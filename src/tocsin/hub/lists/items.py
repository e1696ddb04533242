"""What API lists share: the shape of a page, and the parameters that ask for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

from tocsin.hub.lists.keyset import page

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)
CURSOR = Field(max_length=1_000, description="`next` of the page before.")
LIMIT = Field(ge=1, le=1_000, description="Items at most.")


class Items(Schema, Generic[Item]):
    """One page of a list: ``next`` is the cursor of the page after, or null."""

    items: list[Item]
    next: str | None


class Asked(Schema):
    """Which page."""

    cursor: Annotated[str, CURSOR] = ""
    limit: Annotated[int, LIMIT] = 100


def items(
    rows: QuerySet[Row], asked: Asked, order: Sequence[str], show: Callable[[Row], Any] | None = None
) -> Any:
    """One page of rows in this order, each shown by ``show`` or as the schema takes it."""
    found = page(rows, order=order, cursor=asked.cursor, size=asked.limit)
    return {"items": [show(row) if show else row for row in found.rows], "next": found.after or None}
