"""dissect.target: IIS logs and event logs parsed through its API. It does not know Exchange's own logs.

AGPL: it lives in an environment of its own and is only started as a program.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers.contending import Contender, Ground, Task, counted, program


def tasks(ground: Ground) -> Iterator[Task]:
    """Parse the sample of IIS logs, and one row of it for what starting costs; then the event logs."""
    for name in ("sample", "sample-start"):
        if name in ground.kits:
            kit = ground.kits[name]
            yield Task(
                key=f"dissect:{name}",
                does="parses IIS records, counts them" if name == "sample" else "starts, and hardly more",
                kit=name,
                size=kit.size,
                command=(ground.program, program("dissect_iis"), kit.path),
                answer=counted("records"),
                start_up="dissect:sample-start" if name == "sample" else "",
            )
    if "events" in ground.kits:
        kit = ground.kits["events"]
        yield Task(
            key="dissect:events",
            does="parses event records, counts them",
            kit="events",
            size=kit.size,
            command=(ground.program, program("dissect_events"), kit.path),
            answer=counted("records"),
        )


CONTENDER = Contender(
    name="dissect.target",
    licence="AGPL-3.0-or-later",
    answers="records of many artefacts, without judgement; of Exchange's text logs only IIS",
    packages=("dissect.target",),
    tasks=tasks,
)
