"""Several filters at once, without a walk through hundreds of thousands of rows.

Databases know how often values occur, not how often two occur together, and SQLite knows averages only. So
the filter that fewest rows meet is found first, by counts that end early; its rows are named, or, where there
are too many to name, SQLite is kept from walking another filter's index instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F, ForeignKey, Func, Model, Q, QuerySet

FEW = 4_000
"""Rows that are named one by one."""

COUNTED = 60_000
"""Where each filter is met by more rows than this, any order of work finds a page of rows soon."""

PLAIN = "plain_"


def narrowed(rows: QuerySet[Any], conditions: Sequence[Q]) -> QuerySet[Any]:
    """Those of the rows that meet all conditions."""
    if len(conditions) < 2:  # noqa: PLR2004 - alone, a condition has its index
        return rows.filter(*conditions)
    for condition in conditions:
        keys = list(_keys(rows, condition, FEW))
        if len(keys) <= FEW:
            return rows.filter(*conditions, pk__in=keys)
    if connection.vendor != "sqlite":
        return rows.filter(*conditions)
    counts = [_keys(rows, condition, COUNTED).count() for condition in conditions]
    best = min(range(len(conditions)), key=counts.__getitem__)
    if counts[best] > COUNTED:
        return rows.filter(*conditions)
    others = [condition for number, condition in enumerate(conditions) if number != best]
    return _walked_by(rows, conditions[best], others)


def _keys(rows: QuerySet[Any], condition: Q, most: int) -> Any:
    return rows.order_by().filter(condition).values_list("pk", flat=True)[: most + 1]


def _walked_by(rows: QuerySet[Any], best: Q, others: list[Q]) -> QuerySet[Any]:
    """Meet ``best`` by its index, and the others by looking at each row (SQLite's manual: unary plus)."""
    fields = {name for other in others for name in _fields(rows.model, other)}
    plain = {f"{PLAIN}{name}": _Plain(F(name)) for name in fields}
    met: QuerySet[Any] = rows.alias(**plain).filter(best, *(_on_plain(other, fields) for other in others))
    return met


class _Plain(Func):
    """A column whose index is not used."""

    template = "+%(expressions)s"
    arity = 1


def _fields(model: type[Model], condition: Q) -> set[str]:
    found: set[str] = set()
    for child in condition.children:
        if isinstance(child, Q):
            found |= _fields(model, child)
        elif isinstance(child, tuple):
            name = str(child[0]).split("__", 1)[0]
            if name != "pk" and not isinstance(model._meta.get_field(name), ForeignKey):  # noqa: SLF001 - documented
                found.add(name)
    return found


def _on_plain(condition: Q, fields: set[str]) -> Q:
    children = [_child_on_plain(child, fields) for child in condition.children]
    return Q(*children, _connector=condition.connector, _negated=condition.negated)


def _child_on_plain(child: Any, fields: set[str]) -> Any:
    if isinstance(child, Q):
        return _on_plain(child, fields)
    if isinstance(child, tuple) and str(child[0]).split("__", 1)[0] in fields:
        return (f"{PLAIN}{child[0]}", child[1])
    return child
