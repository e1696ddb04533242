"""find and sha256sum: what walking and hashing many small files costs at least."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.peers.contending import Answer, Contender, Ground, Task


def digests(folder: Path) -> Answer:
    """Count the digests printed."""
    with (folder / "stdout").open("rb") as lines:
        return Answer(counts={"files": sum(1 for _ in lines)})


def tasks(ground: Ground) -> Iterator[Task]:
    """Walk the folder and hash every file."""
    if "files" in ground.kits:
        kit = ground.kits["files"]
        yield Task(
            key="sha256sum:files",
            does="walks and hashes",
            kit="files",
            size=kit.size,
            command=("sh", "-c", 'find "$1" -type f -print0 | xargs -0 sha256sum', "sh", kit.path),
            answer=digests,
        )


CONTENDER = Contender(
    name="sha256sum",
    licence="GPL-3.0-or-later",
    answers="nothing: it only hashes",
    program="sha256sum",
    debian="coreutils",
    tasks=tasks,
)
