"""The requests for server pages as a table of DuckDB, within bounds of memory and disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from tocsin.detections.database import OFFLINE, Settings, first_line, interruptible
from tocsin.detections.page_request import Bounds, PageRequest, digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS = {
    "page": "VARCHAR",
    "client": "VARCHAR",
    "folder": "VARCHAR",
    "method": "VARCHAR",
    "answered": "BOOLEAN",
    "tasked": "BOOLEAN",
    "weak": "BOOLEAN",
    "time": "BIGINT",
    "kind": "VARCHAR",
    "path": "VARCHAR",
    "line": "BIGINT",
    "record": "BIGINT",
    "place": "BIGINT",
    "times": "BIGINT",
    "last": "BIGINT",
    "digest": "BIGINT",
}
_ALIKE = "page, client, folder, method, answered, tasked, weak, kind, digest"
_FIRST_PLACE = """arg_min(
        {'path': path, 'line': line, 'record': record, 'place': place},
        {'time': coalesce(time, 9223372036854775807), 'path': path, 'at': coalesce(line, record, place, 0)}
    )"""
_SQUEEZED = f"""
    SELECT page, client, folder, method, answered, tasked, weak, min(time) AS time, kind,
        {_FIRST_PLACE} AS first, sum(times)::BIGINT AS times, max(last) AS last, digest
    FROM asked GROUP BY {_ALIKE}"""  # noqa: S608 - the columns are ours
_PLACES = frozenset({"path", "line", "record", "place"})
_TYPES = {"BOOLEAN": np.bool_, "BIGINT": np.int64}


@contextmanager
def guarded(note: Callable[[str], None]) -> Iterator[None]:
    """Hand a fault of the table, such as a bound of memory or disk, to ``note`` instead of raising it."""
    try:
        with interruptible():
            yield
    except duckdb.Error as fault:
        note(first_line(fault))


class PageTable:
    """The table ``asked`` of a database of its own, with a folder to spill into.

    Attributes:
        database: with the table.
        folder: where it spills.
    """

    def __init__(self, bounds: Bounds) -> None:
        """Make the database and the folder, both empty."""
        self._temporary = TemporaryDirectory(prefix="tocsin-")
        self.folder = Path(self._temporary.name)
        settings: Settings = {
            "memory_limit": f"{bounds.memory_mb}MB",
            "temp_directory": str(self.folder),
            "max_temp_directory_size": f"{bounds.spill_mb}MB",
            "threads": 1,
        }
        self.database = duckdb.connect(config=OFFLINE | settings)
        columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
        self.database.execute(f"CREATE TABLE asked ({columns})")

    def close(self) -> None:
        """Let it go, and the folder with it."""
        self.database.close()
        self._temporary.cleanup()

    def add(self, rows: list[PageRequest]) -> None:
        """Put rows in."""
        if not rows:
            return
        columns = [*zip(*rows, strict=True), [digest(row.page) for row in rows]]
        batch = {
            name: _column(kind, values)
            for (name, kind), values in zip(_COLUMNS.items(), columns, strict=True)
        }
        self.database.register("batch", batch)
        self.database.execute("INSERT INTO asked SELECT * FROM batch")
        self.database.unregister("batch")

    def without(self, pages: Collection[str]) -> int:
        """Let pages go; give how many rows are left."""
        if pages:
            names = np.array(sorted(pages), dtype=object)
            self.database.register("gone", {"page": names})
            self.database.execute("DELETE FROM asked WHERE page IN (SELECT page FROM gone)")
            self.database.unregister("gone")
        return self._count()

    def below(self, bound: int) -> int:
        """Let the pages go whose digest is not below this; give how many rows are left."""
        self.database.execute("DELETE FROM asked WHERE digest >= ?", [bound])
        return self._count()

    def squeeze(self) -> int:
        """Make one row of all that are alike but for their times; give how many rows are left."""
        columns = ", ".join(f"first.{name} AS {name}" if name in _PLACES else name for name in _COLUMNS)
        self.database.execute(f"CREATE TABLE squeezed AS SELECT {columns} FROM ({_SQUEEZED})")  # noqa: S608 - the columns are ours
        self.database.execute("DROP TABLE asked")
        self.database.execute("ALTER TABLE squeezed RENAME TO asked")
        return self._count()

    def busy(self, clients: int) -> set[str]:
        """Give the pages that answered more clients than this, by one folder of logs."""
        rows = self.database.execute(
            "SELECT DISTINCT page FROM (SELECT page FROM asked WHERE answered GROUP BY page, folder "
            "HAVING count(DISTINCT client) > ?)",
            [clients],
        )
        return {str(row[0]) for row in rows.fetchall()}

    def rows(self, at_once: int) -> Iterator[tuple[PageRequest, ...]]:
        """Yield all rows, so many at a time."""
        names = ", ".join(name for name in _COLUMNS if name != "digest")
        found = self.database.execute(f"SELECT {names} FROM asked")  # noqa: S608 - the columns are ours
        while rows := found.fetchmany(at_once):
            yield tuple(PageRequest(*row) for row in rows)

    def _count(self) -> int:
        return int(self.database.execute("SELECT count(*) FROM asked").fetchall()[0][0])


def _column(kind: str, values: Sequence[object]) -> NDArray[Any]:
    """Give a column as numpy has it; what is empty is masked."""
    if kind == "VARCHAR":
        return np.array([_text(value) for value in values], dtype=object)
    empty = [value is None for value in values]
    plain: NDArray[Any] = np.array([0 if value is None else value for value in values], dtype=_TYPES[kind])
    return np.ma.masked_array(plain, mask=empty) if any(empty) else plain


def _text(value: object) -> str | None:
    """Give a text that UTF-8 can write: DuckDB takes no other."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else None
