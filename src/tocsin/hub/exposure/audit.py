"""The chain of events, read without the hub: from the database, or from exported lines.

Nothing here imports Django: whoever doubts the hub needs none of it to check the chain.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tocsin.errors import EnvironmentFault, EvidenceError
from tocsin.hub.rules.chain import Chained

COLUMNS = "id, at, recorded, actor, kind, subject, campaign, before, after, detail, digest"
_QUERY = "SELECT {columns} FROM exposure_event ORDER BY id"
LONGEST = 1 << 20
"""Bytes of one exported line."""


def is_database(path: Path) -> bool:
    """Whether a file is SQLite's; else it should hold exported lines.

    Raises:
        EvidenceError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(6) == b"SQLite"
    except OSError as error:
        raise EvidenceError(f"it cannot be read: {error.strerror}.", where=str(path)) from error


def from_sqlite(path: Path) -> Iterator[Chained]:
    """Give the chain in a hub's SQLite file, which is opened for reading alone.

    Raises:
        EvidenceError: it is no hub's database.
    """
    if not path.is_file():
        raise EvidenceError(
            "there is no database here.", where=str(path), remedy="Give --data DIR or --file FILE."
        )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            for row in database.execute(_QUERY.format(columns=COLUMNS)):
                yield _event(row)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise EvidenceError(f"it is no hub's database, or damaged: {error}.", where=str(path)) from error


def from_postgresql(address: str) -> Iterator[Chained]:
    """Give the chain in a PostgreSQL database.

    Raises:
        EvidenceError: it cannot be read.
    """
    import psycopg  # noqa: PLC0415 - only here

    try:
        with psycopg.connect(address) as database, database.cursor(name="audit") as cursor:
            cursor.execute(_QUERY.format(columns=COLUMNS))
            for row in cursor:
                yield _event(row)
    except psycopg.Error as error:
        raise EvidenceError(f"the database cannot be read: {error}", where="DATABASE_URL") from error


def from_lines(path: Path) -> Iterator[Chained]:
    """Give the chain that `export` wrote.

    Raises:
        EvidenceError: a line is no event, with its number.
    """
    decode = msgspec.json.Decoder(Chained).decode
    number = 0
    try:
        with path.open("rb") as stream:
            while line := stream.readline(LONGEST):
                number += 1
                if line.strip():
                    yield decode(line)
    except OSError as error:
        raise EvidenceError(f"it cannot be read: {error.strerror}.", where=str(path)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise EvidenceError(f"this line is no event: {error}.", where=f"{path}:{number}") from error


def export(events: Iterable[Chained], path: Path) -> int:
    """Write a chain as one JSON object a line, to a new file; gives how many there are.

    Raises:
        EnvironmentFault: the file is there already, or cannot be written.
    """
    count = 0
    try:
        with path.open("xb") as stream:
            for count, event in enumerate(events, start=1):  # noqa: B007 - the last one is the answer
                stream.write(msgspec.json.encode(event) + b"\n")
    except OSError as error:
        raise EnvironmentFault(f"it cannot be written: {error.strerror}.", where=str(path)) from error
    return count


def _event(row: tuple[Any, ...]) -> Chained:
    number, at, recorded, actor, kind, subject, campaign, before, after, detail, digest = row
    return Chained(
        number=number,
        at=_moment(at),
        recorded=_moment(recorded),
        actor=actor,
        kind=kind,
        subject=subject,
        campaign=campaign,
        before=before,
        after=after,
        detail=json.loads(detail) if isinstance(detail, str) else detail,
        digest=digest,
    )


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
