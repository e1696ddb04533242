"""Killed at any moment, an import that is started again gives what it would have given alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.hub.census import rows

HERE = Path(__file__).parent
SOURCE = Path(__file__).parents[3] / "src"
FIRST, SECOND, THIRD = date(2021, 3, 10), date(2021, 3, 11), date(2021, 3, 12)
DIED = -9


def run(data: Path, file: Path, *point: str) -> int:
    surroundings = {
        name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_HUB", "DJANGO"))
    }
    surroundings |= {"PYTHONPATH": str(SOURCE), "TOCSIN_CACHE": "off"}
    surroundings.pop("DATABASE_URL", None)
    command = [sys.executable, str(HERE / "killed.py"), str(data), str(file), *point]
    return subprocess.run(command, env=surroundings, check=False).returncode


def state(data: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(data / "hub.sqlite3")) as database:
        found: dict[str, Any] = dict(rows.state(lambda sql: database.execute(sql).fetchall()))
        counts = (
            "SELECT state, rows, refused, other, blank, read, unplaced FROM census_snapshot ORDER BY taken"
        )
        return found | {"snapshots": database.execute(counts).fetchall()}


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A hub after two days of three, the file of the third, and what the hub holds after it."""
    folder = tmp_path_factory.mktemp("days")
    some = [f"192.0.2.{at}" for at in range(1, 120)]
    files = [
        rows.write(folder, FIRST, [rows.row(FIRST, ip) for ip in some]),
        rows.write(folder, SECOND, [rows.row(SECOND, ip) for ip in some[:90]]),
        rows.write(
            folder,
            THIRD,
            [*(rows.row(THIRD, ip, "15.1.2106.13") for ip in some[:100:2]), damaged(), *extra()],
        ),
    ]
    for file in files[:2]:
        assert run(folder / "two", file) == 0
    shutil.copytree(folder / "two", folder / "three")
    assert run(folder / "three", files[2]) == 0
    return {"two": folder / "two", "third": files[2], "after": state(folder / "three")}


def damaged() -> str:
    """A row that cannot be taken in, of an address that the day before showed."""
    return rows.row(THIRD, "192.0.2.2").replace(",443,", ",none,")


def extra() -> list[str]:
    return [rows.row(THIRD, f"198.51.100.{at}", hostname="mail.contoso.example") for at in range(1, 60)]


POINTS = (
    ("tocsin.hub.census.ingest:Ingest._ids", "1", "after"),
    ("tocsin.hub.census.store:write_servers", "2", "before"),
    ("tocsin.hub.census.store:write_observations", "1", "after"),
    ("tocsin.hub.exposure.folding:append", "2", "before"),
    ("tocsin.hub.exposure.folding:append", "2", "after"),
    ("tocsin.hub.census.ingest:Ingest._account", "2", "after"),
    ("tocsin.hub.census.ingest:Ingest._take", "2", "after"),
    ("tocsin.hub.census.services:settle", "1", "before"),
    ("tocsin.hub.census.settling:plans", "1", "after"),
    ("tocsin.hub.census.services:settle", "1", "after"),
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "point", POINTS, ids=lambda point: f"{point[0].rpartition(':')[2]}-{point[1]}-{point[2]}"
)
def test_killed_and_started_again(days: dict[str, Any], tmp_path: Path, point: tuple[str, str, str]) -> None:
    data = tmp_path / "hub"
    shutil.copytree(days["two"], data)
    assert run(data, days["third"], *point) == DIED
    assert run(data, days["third"]) == 0
    assert state(data) == days["after"]
