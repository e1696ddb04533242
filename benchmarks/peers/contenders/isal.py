"""ISA-L: mere decompression of the packed kits, the floor for reading them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers.contending import Contender, Ground, Task, counted, program


def tasks(ground: Ground) -> Iterator[Task]:
    """Decompress each packed kit and throw the bytes away."""
    for name in ("innocent.gz", "innocent.zip"):
        if name in ground.kits:
            kit = ground.kits[name]
            yield Task(
                key=f"isal:{name}",
                does="decompresses, nothing else",
                kit=name,
                size=kit.size,
                command=(ground.program, program("isal_unpack"), kit.path),
                answer=counted("bytes"),
            )


CONTENDER = Contender(
    name="isal",
    licence="PSF-2.0",
    answers="nothing: it only decompresses",
    packages=("isal",),
    tasks=tasks,
)
