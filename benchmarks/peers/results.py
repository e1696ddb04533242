"""What one run measured: the shape of ``docs/performance.json``, from which the page is written."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

SCHEMA = "tocsin/performance/1"


class Spent(Struct, frozen=True, kw_only=True):
    """What one whole command cost.

    Attributes:
        user: CPU seconds in the program, its waited-for children included.
        system: CPU seconds in the kernel, likewise.
        wall: seconds by the clock.
        peak_kib: the largest resident set of one of its processes, in KiB.
        status: exit status; 128 and more is a signal, -1 the time bound.
    """

    user: float
    system: float
    wall: float
    peak_kib: int
    status: int

    @property
    def cpu(self) -> float:
        """CPU seconds, user and system."""
        return self.user + self.system


class Runs(Struct, frozen=True, kw_only=True):
    """One task, run once in every round.

    Attributes:
        key: what the figures ask for, such as ``tocsin:innocent``.
        contender: its name.
        does: what it is asked, in a few words.
        kit: the data it reads.
        size: bytes of that data, unpacked.
        rounds: in the order they were run.
        counts: what it answered, such as ``lines``.
        says: its answer in a word.
        start_up: key of the task that shows what mere starting costs; taken off where given.
        failed: why there is no figure; empty if there is one.
    """

    key: str
    contender: str
    does: str
    kit: str
    size: int
    rounds: tuple[Spent, ...]
    counts: dict[str, int] = {}
    says: str = ""
    start_up: str = ""
    failed: str = ""


class Kit(Struct, frozen=True, kw_only=True):
    """One set of data: ``name`` and what it holds."""

    name: str
    says: str
    files: int
    size: int
    lines: int = 0


class Had(Struct, frozen=True, kw_only=True):
    """A contender: its version and licence, or why it was not to be had (``missing``)."""

    name: str
    version: str
    licence: str
    answers: str
    source: str
    missing: str = ""


class Machine(Struct, frozen=True, kw_only=True):
    """Where it was measured; load is the average over a minute, before and after."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str
    load_before: float
    load_after: float


class Literals(Struct, frozen=True, kw_only=True):
    """The texts that every text search was given, and where they came from."""

    count: int
    source: str


class Performance(Struct, frozen=True, kw_only=True):
    """Everything that one run measured."""

    schema: str = SCHEMA
    taken: str
    command: str
    commit: str
    machine: Machine
    literals: Literals
    rounds: int
    kits: tuple[Kit, ...]
    contenders: tuple[Had, ...]
    runs: tuple[Runs, ...]

    def of(self, key: str) -> Runs | None:
        """Give the runs of that key; None if it was not run, or has no figure."""
        return next((runs for runs in self.runs if runs.key == key and not runs.failed), None)


def load(path: Path) -> Performance:
    """Read a stored run; raises msgspec.ValidationError if it is none."""
    return msgspec.json.decode(path.read_bytes(), type=Performance)


def save(performance: Performance, path: Path) -> None:
    """Store a run, indented, so that a difference can be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(performance), indent=1) + b"\n")
