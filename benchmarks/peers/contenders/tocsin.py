"""Tocsin itself: the whole command ``tocsin assess``, from start to verdict."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from benchmarks.peers.contending import Answer, Contender, Ground, Task, counted, program
from benchmarks.peers.data import SOURCE, Made, tocsin_environment
from benchmarks.peers.running import bare

_VERSION = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); import tocsin; print(tocsin.__version__)"
_STATUSES = (0, 4, 10, 11, 15, 20)
"""Every status of ``assess`` that is an answer."""
_SEVERITY = ("compromised", "exploited", "targeted", "undetermined", "no-evidence")
_COUNTED = ("lines", "records")


def answer(folder: Path) -> Answer:
    """Read the verdict and the account of lines; ``candidates`` as ``--timings`` tells them."""
    told = msgspec.json.decode((folder / "stdout").read_bytes())
    counts = {key: _sum(told["coverage"], key) for key in _COUNTED if _has(told["coverage"], key)}
    counts |= _timings(folder / "stderr")
    counts["findings"] = sum(len(verdict["findings"]) for verdict in told["verdicts"])
    words = {verdict["compromise"] for verdict in told["verdicts"]}
    return Answer(counts=counts, says=next((word for word in _SEVERITY if word in words), ""))


def tasks(ground: Ground) -> Iterator[Task]:
    """Assess each kit with one worker; the innocent one with two workers too."""
    known = _help(ground.program)
    workers, timings = "--workers" in known, ["--timings"] if "--timings" in known else []
    for name in ("innocent", "guilty", "small", "innocent.gz", "innocent.zip", "events", "files"):
        if name in ground.kits:
            yield _task(
                ground,
                ground.kits[name],
                f"tocsin:{name}",
                [*timings, *(["--workers", "1"] if workers else [])],
            )
    if "files" in ground.kits:
        yield _walk(ground, ground.kits["files"])
    if workers and "innocent" in ground.kits:
        for count in (1, 2):
            key = f"tocsin:innocent:{count} of 2 cores"
            yield _task(ground, ground.kits["innocent"], key, [*timings, "--workers", str(count)], cores=2)


def _task(ground: Ground, kit: Made, key: str, options: list[str], *, cores: int = 1) -> Task:
    command = (ground.program, "-m", "tocsin.cli", "assess", kit.path, "--json", "--quiet", *options)
    return Task(
        key=key,
        does="verdict, every line accounted for" + (f", {options[-1]} of 2 cores" if cores == 2 else ""),  # noqa: PLR2004 - as it says
        kit=kit.name,
        size=kit.size,
        command=command,
        environment=tocsin_environment(),
        pinned_to=cores,
        statuses=_STATUSES,
        answer=answer,
    )


def _walk(ground: Ground, kit: Made) -> Task:
    return Task(
        key="tocsin:files:walk",
        does="walks and hashes",
        kit=kit.name,
        size=kit.size,
        command=(ground.program, program("tocsin_walk"), kit.path),
        environment=tocsin_environment(),
        answer=counted("files"),
    )


def _help(python: str) -> str:
    environment = {**bare(Path.cwd()), **tocsin_environment(), "COLUMNS": "200"}
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [python, "-m", "tocsin.cli", "assess", "--help"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    return done.stdout


def _timings(place: Path) -> dict[str, int]:
    """Give the candidates that the last line tells, if it tells any."""
    said = place.read_bytes() if place.exists() else b""
    try:
        timings = msgspec.json.decode(said.splitlines()[-1] if said.strip() else b"{}")
    except msgspec.DecodeError:
        return {}
    return (
        {"candidates": timings["candidates"]} if isinstance(timings, dict) and "candidates" in timings else {}
    )


def _has(coverage: object, key: str) -> bool:
    return isinstance(coverage, dict) and any(key in each for each in [coverage, *coverage["artefacts"]])


def _sum(coverage: dict[str, object], key: str) -> int:
    """Give the whole's own count if there is one, else the sum over the artefacts."""
    own = coverage.get(key)
    if isinstance(own, int):
        return own
    artefacts = msgspec.convert(coverage["artefacts"], list[dict[str, object]])
    return sum(value for each in artefacts if isinstance(value := each.get(key), int))


CONTENDER = Contender(
    name="tocsin",
    licence="Apache-2.0",
    answers="a verdict: exposed? attacked? did it work? what is left? how far back can we see?",
    program=sys.executable,
    debian="",
    version=("-c", _VERSION),
    tasks=tasks,
)
