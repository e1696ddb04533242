"""Many rows in one statement: the one place where the hub writes SQL of its own.

Django's ``bulk_create`` reaches a third of this rate on SQLite and half of it on PostgreSQL (ADR 0020), its
``values_list`` a third of the rate of reading, and an import is measured in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from django.db import connection, models, transaction
from psycopg.types.json import Jsonb

WRITER = 7_406_001
"""Number of the advisory lock that makes writers of the census and the chain wait for each other."""

Row = Sequence[Any]
Write = Callable[[], None]


class Table:
    """A model's table, with the columns that are written and how each value is spelt for the database."""

    def __init__(self, model: type[models.Model], columns: Sequence[str]) -> None:
        """Columns are names of fields; of a foreign key, the name without ``_id``."""
        self.fields = [model._meta.get_field(name) for name in columns]  # noqa: SLF001 - documented
        self.name = model._meta.db_table  # noqa: SLF001 - as above
        self.columns = tuple(columns)

    def insert(self, rows: Iterable[Row]) -> None:
        """Write new rows."""
        self._writer(self._insert(), rows)()

    def upsert(self, rows: Iterable[Row], *, unique: Sequence[str], update: Sequence[str]) -> Write:
        """Spell rows now; give what writes them, later and inside a transaction.

        Of rows that are there, by ``unique``, the columns in ``update`` are replaced.
        """
        quoted = self._quoted
        sets = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in update)
        keys = ", ".join(map(quoted, unique))
        action = f"DO UPDATE SET {sets}" if sets else "DO NOTHING"
        return self._writer(f"{self._insert()} ON CONFLICT ({keys}) {action}", rows)

    def read(self, key: str, numbers: Iterable[int]) -> Iterator[Row]:
        """Give the rows whose ``key``, a column of whole numbers, is one of some; in no order."""
        names, quote = ", ".join(map(self._quoted, self.columns)), connection.ops.quote_name
        among = "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
        statement = f"SELECT {names} FROM {quote(self.name)} WHERE {quote(key)} {among}"  # noqa: S608 - names of our own
        wanted = list(numbers)
        with connection.cursor() as cursor:
            cursor.execute(statement, [wanted if connection.vendor == "postgresql" else _json(wanted)])
            understand = [(at, one) for at, one in enumerate(map(_reader, self.fields)) if one]
            for found in cursor:
                row = list(found)
                for at, one in understand:
                    if row[at] is not None:
                        row[at] = one(row[at])
                yield row

    def _insert(self) -> str:
        names = ", ".join(map(self._quoted, self.columns))
        marks = ", ".join(["%s"] * len(self.columns))
        table = connection.ops.quote_name(self.name)
        return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own

    def _quoted(self, name: str) -> str:
        field = self.fields[self.columns.index(name)]
        return connection.ops.quote_name(str(field.column))  # type: ignore[union-attr]  # a concrete field

    def _writer(self, statement: str, rows: Iterable[Row]) -> Write:
        spell = [_speller(field, connection.vendor) for field in self.fields]
        prepared = [
            [one(value) if one else value for one, value in zip(spell, row, strict=True)] for row in rows
        ]

        def write() -> None:
            if prepared:
                with connection.cursor() as cursor:
                    cursor.executemany(statement, prepared)

        return write


def _speller(field: Any, vendor: str) -> Callable[[Any], Any] | None:
    """Give what spells a field's values; None where the driver takes them as they are.

    Django's own ``get_db_prep_save`` gives the same for these fields, ten times slower.
    """
    if isinstance(field, models.JSONField):
        return Jsonb if vendor == "postgresql" else _json
    if vendor == "sqlite" and isinstance(field, models.DateTimeField):
        return _moment
    if vendor == "sqlite" and isinstance(field, models.DateField):
        return _day
    return None


def _reader(field: Any) -> Callable[[Any], Any] | None:
    """Give what understands a field's values as the driver gives them; None where nothing is to be done."""
    if isinstance(field, models.JSONField):
        return msgspec.json.decode
    moment = connection.vendor == "sqlite" and isinstance(field, models.DateTimeField)
    return _in_utc if moment else None


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _moment(value: datetime | None) -> str | None:
    return None if value is None else str(value.astimezone(UTC).replace(tzinfo=None))


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


@contextmanager
def writing() -> Iterator[None]:
    """Open a transaction that no other writer of census or chain shares the time with.

    SQLite has one writer anyway, and takes its lock at the beginning; PostgreSQL takes an advisory one.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITER])
        yield
