"""What the hub is told by its surroundings: the data folder, the secret and the database.

``tocsin serve`` sets ``TOCSIN_HUB_DATA``; without it (type checkers, say) nothing is kept. The secret is
made at the first run, readable by its owner alone; a hub whose secret others may read does not start.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tocsin.errors import EnvironmentFault, UsageFault

DATA = "TOCSIN_HUB_DATA"
DATABASE = "DATABASE_URL"
IDLE = "TOCSIN_HUB_IDLE_MINUTES"
SHORTEST_IDLE, LONGEST_IDLE = 5, 720


def data_folder() -> Path:
    """The folder that holds all that the hub keeps; made, and closed to others, when it is missing."""
    named = os.environ.get(DATA)
    if not named:
        return Path(_passing().name)
    folder = Path(named).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@cache
def _passing() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when the process does."""
    return tempfile.TemporaryDirectory(prefix="tocsin-hub-")


def secret_key(folder: Path) -> str:
    """The key that signs sessions and links, made at the first run.

    Raises:
        EnvironmentFault: others than its owner may read the file.
    """
    path = folder / "secret.key"
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(48))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise EnvironmentFault(
            "others may read the hub's secret", where=str(path), remedy=f"Close it: chmod 600 {path}"
        )
    return path.read_text("ascii").strip()


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and the first of two processes wins."""
    waiting = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(text + "\n")
    try:
        os.link(waiting, path)
    except FileExistsError:
        pass
    finally:
        waiting.unlink()


def idle_minutes() -> int:
    """Minutes after which a session that nobody uses ends.

    Raises:
        UsageFault: what the surroundings say is no such number.
    """
    said = os.environ.get(IDLE, "60")
    if not (said.isascii() and said.isdigit() and SHORTEST_IDLE <= int(said) <= LONGEST_IDLE):
        raise UsageFault(
            f"{said!r} is no time after which an unused session ends",
            where=IDLE,
            remedy=f"Give minutes from {SHORTEST_IDLE} to {LONGEST_IDLE}, or nothing for 60.",
        )
    return int(said)


def database(folder: Path) -> dict[str, Any]:
    """Django's settings of the database: SQLite in the folder, or what ``DATABASE_URL`` names.

    SQLite writes ahead (WAL) and takes its write lock when a transaction begins, so that writers wait for
    each other instead of failing half way: 178 posts a second were measured, 26 with Django's defaults.

    Raises:
        UsageFault: the address is of another kind of database.
    """
    address = os.environ.get(DATABASE, "")
    return _postgres(address) if address else _sqlite(folder)


def _sqlite(folder: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "hub.sqlite3",
        "CONN_MAX_AGE": 60,  # to open one costs more than all else that a small request does
        "TEST": {"NAME": folder / "test.sqlite3"},  # a file: in memory, threads would share one connection
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
            " PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
        },
    }


def _postgres(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise UsageFault(
            f"{parts.scheme or 'no scheme'} is no kind of database that the hub knows",
            where=DATABASE,
            remedy="Give postgresql://user@host:port/name, or nothing for SQLite in the data folder.",
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
