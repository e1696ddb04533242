"""How many processes may read, by cores and by memory.

Resident memory measured on Linux with the packs as shipped, the same for logs of 95 MB and of 570 MB: a
process that reads alone 128 MB, the foreman of workers 113 MB. Buffers are of a fixed size, and what is
collected is bounded. The figures here leave a margin.
"""

from __future__ import annotations

import os

from tocsin.detections.crew.foreman import Crew
from tocsin.detections.crew.plan import SMALLEST_PART
from tocsin.errors import UsageFault
from tocsin.evidence.limits import MIB

MOST_WORKERS = 8
"""Workers that are started unasked: beyond them disks are the limit more often than cores."""
ALONE = 220 * MIB
"""Bytes that one process holds at most when it reads alone."""
_FOREMAN = 160 * MIB
_WORKER = 200 * MIB
_WORTH = 96 * MIB
"""Bytes of evidence that make a worker worth its start of about a second."""


def crew_of(
    workers: int | None, memory: int | None, total_bytes: int, *, smallest: int = SMALLEST_PART
) -> Crew:
    """Give the crew for some evidence.

    Args:
        workers: how many are wanted; None for as many as there are cores for and as are worth it.
        memory: bytes that all processes together may hold; None for no bound.
        total_bytes: size of the evidence.
        smallest: bytes of the smallest part of a file.

    Raises:
        UsageFault: there is too little memory for one process, or for as many as are wanted.
    """
    fitting = _fitting(memory)
    if workers is None:
        count = min(usable_cores(), MOST_WORKERS, fitting, 1 + total_bytes // _WORTH)
    elif workers > fitting:
        raise UsageFault(
            f"{workers} workers may need {_needed(workers) // MIB:,} MB, which is more than --memory.",
            remedy=f"Give more memory, or --workers {fitting}.",
        )
    else:
        count = workers
    return Crew(workers=count, smallest=smallest, memory=None if memory is None else _each(count, memory))


def usable_cores() -> int:
    """Give the number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _fitting(memory: int | None) -> int:
    """Give how many workers fit."""
    if memory is None:
        return 1 << 16
    if memory < ALONE:
        raise UsageFault(
            f"--memory {memory // MIB:,} MB is too little: reading takes up to {ALONE // MIB} MB.",
            remedy=f"Give at least {ALONE // MIB}MB.",
        )
    return max(1, (memory - _FOREMAN) // _WORKER)


def _needed(workers: int) -> int:
    return ALONE if workers == 1 else _FOREMAN + workers * _WORKER


def _each(workers: int, memory: int) -> int:
    return memory if workers == 1 else (memory - _FOREMAN) // workers
