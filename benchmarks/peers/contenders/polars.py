"""polars: scan_csv of whole lines, one thread, one filter for all literals."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers.contending import Contender, Ground, Task, program


def tasks(ground: Ground) -> Iterator[Task]:
    """Count the lines that hold a literal."""
    if "innocent" in ground.kits:
        kit = ground.kits["innocent"]
        yield Task(
            key="polars:innocent",
            does="scan_csv, counts lines that hold a literal",
            kit=kit.name,
            size=kit.size,
            command=(ground.program, program("polars_lines"), str(ground.literals), kit.path),
            environment={"POLARS_MAX_THREADS": "1"},
        )


CONTENDER = Contender(
    name="polars",
    licence="MIT",
    answers="any question that a data frame can ask of the lines",
    packages=("polars",),
    tasks=tasks,
)
