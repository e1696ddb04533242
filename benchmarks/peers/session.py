"""One measuring session: make the data, obtain the contenders, run the rounds, say where it was done."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.peers import data
from benchmarks.peers.contenders import contenders
from benchmarks.peers.contending import Contender, Ground, Task
from benchmarks.peers.data import ROOT, Made, Wanted
from benchmarks.peers.obtaining import Obtained, obtain
from benchmarks.peers.results import Kit, Literals, Machine, Performance
from benchmarks.peers.rounds import measure
from msgspec import Struct


class Choice(Struct, frozen=True, kw_only=True):
    """What the caller wants measured; empty ``only`` and ``kits`` mean everything."""

    wanted: Wanted
    rounds: int
    cache: Path
    only: frozenset[str] = frozenset()
    kits: frozenset[str] = frozenset()
    checkouts: Mapping[str, Path] = {}
    seconds: float = 7200


def perform(choice: Choice, *, command: str) -> Performance:
    """Measure everything that was chosen; ``command`` is told in the results."""
    choice.cache.mkdir(parents=True, exist_ok=True)
    kits = {made.name: made for made in _kits(choice)}
    texts, literals = _literals(choice.cache)
    wanted = [one for one in contenders() if not choice.only or one.name in choice.only]
    obtained = {one.name: obtain(one, choice.cache, choice.checkouts.get(one.checkout)) for one in wanted}
    tasks = {one.name: _tasks(one, obtained[one.name], kits, texts, choice) for one in wanted}
    for made in kits.values():
        data.warm(made)
    shutil.rmtree(choice.cache / "scratch", ignore_errors=True)
    before = os.getloadavg()[0]
    runs = measure(tasks, rounds=choice.rounds, scratch=choice.cache / "scratch", seconds=choice.seconds)
    return Performance(
        taken=f"{datetime.now(UTC):%Y-%m-%d}",
        command=command,
        commit=_commit(),
        machine=machine(before),
        literals=literals,
        rounds=choice.rounds,
        kits=tuple(_kit(made) for made in kits.values()),
        contenders=tuple(one.had for one in obtained.values()),
        runs=runs,
    )


def _kits(choice: Choice) -> Iterator[Made]:
    """Make the data that was chosen, what others are made from first."""
    wanted, cache = choice.wanted, choice.cache
    asked = choice.kits or {"innocent", "gz", "zip", "guilty", "small", "sample", "events", "files"}
    if asked & {"innocent", "gz", "zip", "sample"}:
        plain = _server(cache, "innocent", "a busy server on which nothing happened", wanted.size, wanted)
        yield plain
        yield from _packed(cache, plain, asked)
        if "sample" in asked:
            yield data.cut(cache, plain, "sample", "the first of its IIS rows", size=wanted.sample)
            yield data.cut(cache, plain, "sample-start", "a few of its IIS rows", size=2000)
    if "small" in asked:
        yield _server(cache, "small", "the same, less of it", wanted.small, wanted)
    if "guilty" in asked:
        yield _server(cache, "guilty", "a busy server that was broken into", wanted.guilty, wanted)
    if "events" in asked:
        says = "two years of six event logs"
        yield data.server(cache, "events", "event-logs", says, size=0, seed=wanted.seed)
    if "files" in asked:
        yield data.small_files(cache, wanted.small_files)


def _packed(cache: Path, plain: Made, asked: frozenset[str] | set[str]) -> Iterator[Made]:
    if "gz" in asked:
        yield data.gzipped(cache, plain)
    if "zip" in asked:
        yield data.zipped(cache, plain)


def _server(cache: Path, name: str, says: str, size: int, wanted: Wanted) -> Made:
    scenario = "busy-guilty" if name == "guilty" else "busy-innocent"
    return data.server(cache, name, scenario, f"{says}: IIS, HttpProxy", size=size, seed=wanted.seed)


def _literals(cache: Path) -> tuple[Path, Literals]:
    """Write the literals of this checkout's rules into the cache."""
    path = cache / "literals.txt"
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [sys.executable, "-m", "benchmarks.peers.literals", str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **data.tocsin_environment()},
    )
    count = len(path.read_text("utf-8").splitlines())
    return path, Literals(count=count, source=done.stdout.strip())


def _tasks(
    one: Contender, obtained: Obtained, kits: Mapping[str, Made], texts: Path, choice: Choice
) -> tuple[Task, ...]:
    if obtained.had.missing:
        return ()
    ground = Ground(
        kits=kits, literals=texts, program=obtained.program, checkout=choice.checkouts.get(one.checkout)
    )
    return tuple(one.tasks(ground))


def machine(load_before: float) -> Machine:
    """Describe this machine without naming it."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=platform.python_version(),
        load_before=load_before,
        load_after=os.getloadavg()[0],
    )


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text("utf-8").splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - fixed
    return done.stdout.strip() or "an unknown commit"


def _kit(made: Made) -> Kit:
    return Kit(name=made.name, says=made.says, files=made.files, size=made.size, lines=made.lines)
