"""ripgrep: the yardstick. The same literals in any case, lines counted, one thread."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers.contending import Contender, Ground, Task


def tasks(ground: Ground) -> Iterator[Task]:
    """Count the lines that hold a literal."""
    for name in ("innocent", "guilty"):
        if name in ground.kits:
            kit = ground.kits[name]
            options = ("-j1", "-i", "-F", "--no-config", "--no-ignore", "--hidden", "--no-filename", "-c")
            yield Task(
                key=f"ripgrep:{name}",
                does="counts lines that hold a literal",
                kit=name,
                size=kit.size,
                command=(ground.program, *options, "-f", str(ground.literals), kit.path),
                statuses=(0, 1),
            )


CONTENDER = Contender(
    name="ripgrep",
    licence="Unlicense OR MIT",
    answers="which lines hold one of the texts",
    program="rg",
    debian="ripgrep",
    tasks=tasks,
)
