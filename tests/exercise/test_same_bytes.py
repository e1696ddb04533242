"""Events, disk and configuration: the same bytes every time, in every process, whatever was written."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.exercise.workshops import run, scenario, story, workshop

from tocsin.exercise.scenario import Collection, MitigationSpan, Scenario
from tocsin.exercise.workshop import Writer
from tocsin.exercise.writers.compiled import Compiled
from tocsin.exercise.writers.configuration import Configuration
from tocsin.exercise.writers.disk import Disk
from tocsin.exercise.writers.events import Events

WRITERS: tuple[type[Writer], ...] = (Compiled, Configuration, Disk, Events)
GOLDEN = Path(__file__).parent / "golden"
REPOSITORY = Path(__file__).parents[2]


def everything() -> Scenario:
    given = scenario()
    spans = tuple(
        MitigationSpan(id=name, since=given.first_day) for name in ("backend-cookie-rules", "ecp-pool-off")
    )
    return replace(given, server=replace(given.server, mitigations=spans))


def digests(root: Path, given: Scenario, seed: int = 7) -> dict[str, str]:
    """Make a tree, and give the digest of each file with its time of change."""
    root.mkdir()
    shop = workshop(root, given, seed)
    for writer in WRITERS:
        run(shop, writer, story())
    return {
        path.relative_to(root).as_posix(): (
            f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("form", ["evtx", "xml", "jsonl"])
def test_equal_seeds_give_equal_bytes(tmp_path: Path, form: str) -> None:
    given = replace(everything(), collection=Collection(events=form))
    first, again = digests(tmp_path / "a", given), digests(tmp_path / "b", given)
    assert first == again
    assert len(first) > 30


def test_another_seed_gives_other_events(tmp_path: Path) -> None:
    first, other = digests(tmp_path / "a", everything()), digests(tmp_path / "b", everything(), seed=8)
    same = {path for path in first if first[path] == other.get(path)}
    assert not [path for path in same if path.endswith(".evtx")]
    assert [path for path in same if path.endswith("web.config")]


def test_other_processes_write_the_same(tmp_path: Path) -> None:
    """Neither the hashing of strings, nor the zone, nor the locale of the machine matters."""
    program = (
        "import sys; from pathlib import Path;"
        "from tests.exercise.test_same_bytes import digests, everything;"
        "[print(*pair) for pair in digests(Path(sys.argv[1]), everything()).items()]"
    )
    told = []
    for number, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        root = tmp_path / number
        surroundings = os.environ | {"PYTHONHASHSEED": number, "TZ": zone, "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", program, str(root)],
            cwd=REPOSITORY,
            env=surroundings,
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stdout)
    assert told[0] == told[1]
    assert "Application.evtx" in told[0]


def test_the_whole_disk_is_the_golden_one(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    """Every file of one short day; everyday events are few on it."""
    given = everything()
    short = replace(
        given,
        first_day=given.collected.date(),
        server=replace(given.server, language="de"),
        collection=Collection(events="jsonl"),
    )
    shop = workshop(tmp_path, short)
    for writer in WRITERS:
        run(shop, writer, story())
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    parts = [f"==> {path.relative_to(tmp_path).as_posix()}\n{_shown(path)}" for path in files]
    golden(GOLDEN / "disk.txt", "\n".join(parts))


def _shown(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix in {".exe", ".dll"}:
        return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}\n"
    return data.decode().replace("\r\n", "\n")
