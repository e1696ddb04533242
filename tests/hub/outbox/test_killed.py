"""The worker is killed on the way, three times: nothing arrives twice, and what is unsure is what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.hub.cluster import Cluster

ROOT = Path(__file__).parents[3]
MESSAGES, KILLS, LANES = 2_000, 3, 4


def measured(**more: str) -> dict[str, object]:
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TOCSIN_HUB", "DJANGO", "DATABASE"))
    }
    surroundings |= {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "TOCSIN_CACHE": "off", **more}
    command = [sys.executable, str(ROOT / "benchmarks" / "hub_mail.py"), *map(str, (MESSAGES, KILLS, LANES))]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def is_sound(found: dict[str, object]) -> None:
    assert (found["messages"], found["twice"], found["sound"]) == (MESSAGES, 0, True)
    assert 1 <= int(str(found["in_doubt"])) <= KILLS * LANES, "no kill hit a message: the test shows nothing"


@pytest.mark.slow
def test_killed_three_times_on_sqlite() -> None:
    is_sound(measured())


@pytest.mark.slow
def test_killed_three_times_on_postgresql() -> None:
    cluster = Cluster()
    try:
        is_sound(measured(DATABASE_URL=cluster.url))
    finally:
        cluster.stop()
