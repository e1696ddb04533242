"""Divide the evidence into tasks: each worth its overhead, none that another would have to wait for.

A file and its shadow copies are one task, because what a copy repeats is told from what was read before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from tocsin.detections.crew.messages import Divide, HashContainer, Job, ReadFiles, Task
from tocsin.evidence.containers import may_be_container
from tocsin.evidence.entries import Entry
from tocsin.evidence.layout import is_shadow_copy, on_disk, place_of
from tocsin.evidence.limits import MIB

_BATCH_BYTES = 8 * MIB
_BATCH_FILES = 200
SMALLEST_PART = 16 * MIB
"""Bytes of the smallest part that a log is divided into."""
_LARGEST_PART = 64 * MIB
_SHARES = 8
"""A file that is more than this part of what one worker has to do is divided."""


class Plan(Struct, frozen=True, kw_only=True):
    """What there is to do, in the order in which it should be begun.

    Attributes:
        tasks: for the workers.
        copied: places of which there is a shadow copy.
    """

    tasks: tuple[Task, ...]
    copied: frozenset[str]


def plan(entries: Sequence[tuple[int, Entry]], *, container: bool, workers: int, smallest: int) -> Plan:
    """Make the plan for so many workers.

    Args:
        entries: with their turns, in their order.
        container: whether the evidence is a container, so that entries go by name.
        workers: processes.
        smallest: bytes of the smallest part of a file.
    """
    jobs = [(_job(turn, entry, container=container), place_of(entry.inner).where) for turn, entry in entries]
    copied = frozenset(_key(where) for _, where in jobs if is_shadow_copy(where))
    groups: dict[str, list[Job]] = {}
    alone: list[Job] = []
    for job, where in jobs:
        if _key(where) in copied:
            groups.setdefault(_key(where), []).append(job)
        else:
            alone.append(job)
    total = sum(job.size for job, _ in jobs)
    share = max(total // (workers * _SHARES), 2 * smallest)
    part = min(max(total // (workers * _SHARES * 2), smallest), max(_LARGEST_PART, smallest))
    tasks = [*_grouped(groups.values()), *_tasks(alone, share, part, divide=not container)]
    first: tuple[Task, ...] = (HashContainer(),) if container else ()
    return Plan(tasks=(*first, *sorted(tasks, key=_size, reverse=True)), copied=copied)


def _job(turn: int, entry: Entry, *, container: bool) -> Job:
    return Job(index=turn, entry=entry.path if container else entry, size=entry.size)


def _key(where: str) -> str:
    """What a file and its copies have in common; a packed log counts as the log."""
    return on_disk(where).removesuffix(".gz").removesuffix(".zst")


def _grouped(groups: Iterable[list[Job]]) -> Iterator[ReadFiles]:
    return (ReadFiles(tuple(group)) for group in groups)


def _tasks(jobs: Iterable[Job], share: int, part: int, *, divide: bool) -> Iterator[Task]:
    batch: list[Job] = []
    size = 0
    for job in jobs:
        if divide and job.size >= share and not may_be_container(_name(job)):
            yield Divide(job, part)
            continue
        batch.append(job)
        size += job.size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield ReadFiles(tuple(batch))
            batch, size = [], 0
    if batch:
        yield ReadFiles(tuple(batch))


def _name(job: Job) -> str:
    return job.entry if isinstance(job.entry, str) else job.entry.inner


def _size(task: Task) -> int:
    if isinstance(task, Divide):
        return task.job.size
    return sum(job.size for job in task.jobs) if isinstance(task, ReadFiles) else 0
