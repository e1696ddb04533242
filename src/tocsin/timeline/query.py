"""Ask a timeline in SQL: DuckDB with one view, ``timeline``, and no way out.

The question may come from anywhere, so it gets nothing but the file: one SELECT, no other file, no network,
no extension, no setting. Two walls stand behind each other, because the file itself has to be open to
DuckDB, and what is open to it could be written to: only a SELECT is run, and DuckDB's own lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from msgspec import Struct

from tocsin.detections.database import OFFLINE, Settings, first_line, interruptible
from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.report.untrusted import visible
from tocsin.timeline import jsonl, parquet
from tocsin.timeline.columns import COLUMNS, NAMES
from tocsin.timeline.sql import json_lines, literal, select

VIEW = "timeline"
_AT_ONCE = 2048
_LONGEST_LINE = 32 << 20
_LOCK = ("SET enable_external_access = false", "SET lock_configuration = true")
_WRITE = "Give a file that tocsin timeline wrote."


class Bounds(Struct, frozen=True, kw_only=True):
    """What a question may use.

    Attributes:
        memory_mb: megabytes of memory.
        threads: at the same time; 0 for as many as the machine has cores.
    """

    memory_mb: int = 2048
    threads: int = 0


class Answer(Struct, frozen=True, kw_only=True):
    """Names of the columns, and the rows, which are read while the question is open."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[object, ...]]


@contextmanager
def asked(file: Path, question: str, *, bounds: Bounds | None = None) -> Iterator[Answer]:
    """Ask the question; give the answer, whose rows stream.

    Raises:
        UsageFault: the file is no timeline, or the question is not one SELECT that DuckDB understands.
        EnvironmentFault: the answer needs more memory than it may use.
    """
    with _opened(file, bounds or Bounds()) as database:
        select = _one_select(database, question)
        with _explained(question):
            database.execute(select)
        columns = tuple(str(column[0]) for column in database.description or ())
        yield Answer(columns=columns, rows=_rows(database, question))


def _rows(database: duckdb.DuckDBPyConnection, question: str) -> Iterator[tuple[object, ...]]:
    while True:
        with _explained(question):
            rows = database.fetchmany(_AT_ONCE)
        if not rows:
            return
        yield from rows


@contextmanager
def _opened(file: Path, bounds: Bounds) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database in memory that sees the file as ``timeline`` and nothing else, locked."""
    table = _table(file)
    settings: Settings = {"memory_limit": f"{bounds.memory_mb}MB", "temp_directory": ""}
    if bounds.threads:
        settings["threads"] = bounds.threads
    database = duckdb.connect(config=OFFLINE | settings)
    try:
        database.execute(f"SET allowed_paths = [{literal(_place(file))}]")
        for statement in _LOCK:
            database.execute(statement)
        with _no_timeline(file):
            database.execute(f"CREATE VIEW {VIEW} AS {table}")
            found = {str(row[0]) for row in database.execute(f"DESCRIBE {VIEW}").fetchall()}
        if not found.issuperset({"time", "kind", "path", "fields"}):
            raise UsageFault("holds other columns than a timeline.", where=str(file), remedy=_WRITE)
        yield database
    finally:
        database.close()


def _table(file: Path) -> str:
    """Give the SELECT that reads the file, after its suffix."""
    if not file.is_file():
        raise UsageFault("no such file.", where=str(file), remedy=_WRITE)
    suffix = file.suffix.lower()
    if suffix == parquet.SUFFIX:
        return select("*", f"read_parquet({literal(_place(file))})")
    if suffix != jsonl.SUFFIX:
        raise UsageFault("neither .parquet nor .jsonl.", where=str(file), remedy=_WRITE)
    columns = {column.name: column.type for column in COLUMNS} | {
        "datetime": "TIMESTAMP",
        "timestamp_desc": "VARCHAR",
    }
    del columns["time"]
    told = f"CASE WHEN timestamp_desc <> {literal(jsonl.NO_TIME)} THEN datetime END AS time"
    others = ", ".join(name for name in NAMES if name != "time")
    return select(f"{told}, {others}", json_lines(Path(_place(file)), columns, longest=_LONGEST_LINE))


def _place(file: Path) -> str:
    return str(file.resolve())


def _one_select(database: duckdb.DuckDBPyConnection, question: str) -> duckdb.Statement:
    with _explained(question):
        statements = database.extract_statements(question)
    if len(statements) != 1:
        raise UsageFault(
            f"{len(statements)} statements, where one question is asked.", remedy="Ask one SELECT at a time."
        )
    if statements[0].type != duckdb.StatementType.SELECT:
        raise UsageFault(
            f"a timeline is only read, and this is {statements[0].type.name}.",
            remedy="Ask with SELECT, FROM, DESCRIBE or SUMMARIZE; write the answer with --output.",
        )
    return statements[0]


@contextmanager
def _no_timeline(file: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as fault:
        raise UsageFault(f"no timeline: {first_line(fault)}", where=str(file), remedy=_WRITE) from fault


@contextmanager
def _explained(question: str) -> Iterator[None]:
    """Turn DuckDB's errors into ours: a question that asks too much, or one that is wrong."""
    try:
        with interruptible():
            yield
    except duckdb.OutOfMemoryException as fault:
        raise EnvironmentFault(
            f"the answer needs more memory than it may use: {first_line(fault)}",
            remedy="Ask for less (WHERE, fewer columns, LIMIT), or give --memory.",
        ) from fault
    except duckdb.Error as fault:
        shown = question if len(question) <= 200 else f"{question[:199]}…"  # noqa: PLR2004 - a line or two
        raise UsageFault(
            "\n".join(visible(line) for line in str(fault).strip().splitlines()),
            where=f"in {' '.join(shown.split())!r}",
            remedy="\nThe columns: tocsin query FILE 'DESCRIBE timeline'.",
        ) from fault
