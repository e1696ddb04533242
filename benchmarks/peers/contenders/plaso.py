"""plaso: log2timeline into its storage file, in one process, only the parser that is needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.peers.contending import Answer, Contender, Ground, Task

_STORAGE = "events.plaso"


def stored(folder: Path) -> Answer:
    """Count the events in the storage file, then remove it: the next round needs its place."""
    storage = folder / _STORAGE
    with closing(sqlite3.connect(storage)) as connection:
        (count,) = connection.execute("select count(*) from event").fetchone()
    storage.unlink()
    return Answer(counts={"records": count})


def tasks(ground: Ground) -> Iterator[Task]:
    """Extract the sample of IIS logs, and one row of it for what starting costs."""
    command = str(Path(ground.program).with_name("log2timeline"))
    options = ("--single-process", "--status_view", "none", "--quiet", "--parsers", "text/winiis")
    for name in ("sample", "sample-start"):
        if name in ground.kits:
            kit = ground.kits[name]
            yield Task(
                key=f"plaso:{name}",
                does="extracts IIS events into its storage"
                if name == "sample"
                else "starts, and hardly more",
                kit=name,
                size=kit.size,
                command=(command, *options, "--storage_file", _STORAGE, kit.path),
                answer=stored,
                start_up="plaso:sample-start" if name == "sample" else "",
            )


CONTENDER = Contender(
    name="plaso",
    licence="Apache-2.0",
    answers="a timeline of many artefacts, without judgement; of Exchange's text logs only IIS",
    packages=("plaso",),
    tasks=tasks,
)
