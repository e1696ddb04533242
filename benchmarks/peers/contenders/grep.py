"""GNU grep: the same literals in any case, bytes for letters."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers.contending import Contender, Ground, Task


def tasks(ground: Ground) -> Iterator[Task]:
    """Count the lines that hold a literal."""
    if "innocent" in ground.kits:
        kit = ground.kits["innocent"]
        yield Task(
            key="grep:innocent",
            does="counts lines that hold a literal",
            kit=kit.name,
            size=kit.size,
            command=(ground.program, "-r", "-h", "-c", "-i", "-F", "-f", str(ground.literals), kit.path),
            environment={"LC_ALL": "C"},
            statuses=(0, 1),
        )


CONTENDER = Contender(
    name="grep",
    licence="GPL-3.0-or-later",
    answers="which lines hold one of the texts",
    program="grep",
    debian="grep",
    tasks=tasks,
)
