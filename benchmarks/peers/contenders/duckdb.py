"""DuckDB: read_csv of whole lines, one thread, one filter for all literals.

One alternation runs about twenty times faster there than an OR of LIKEs, so it gets the former.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers.contending import Contender, Ground, Task, program


def tasks(ground: Ground) -> Iterator[Task]:
    """Count the lines that hold a literal."""
    if "innocent" in ground.kits:
        kit = ground.kits["innocent"]
        yield Task(
            key="duckdb:innocent",
            does="read_csv, counts lines that hold a literal",
            kit=kit.name,
            size=kit.size,
            command=(ground.program, program("duckdb_lines"), str(ground.literals), kit.path),
        )


CONTENDER = Contender(
    name="duckdb",
    licence="MIT",
    answers="any question that SQL can ask of the lines",
    packages=("duckdb",),
    tasks=tasks,
)
