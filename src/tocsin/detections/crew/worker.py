"""What a worker does: tasks of one pass, each with an answer; everything compiled stays between them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

from tocsin.artefacts.registry import RowModule, modules
from tocsin.detections.crew.holding import hold_to
from tocsin.detections.crew.messages import (
    Account,
    Answer,
    ContainerHashed,
    Divide,
    Divided,
    FilesRead,
    HashContainer,
    Job,
    PartDone,
    PartFound,
    Progressed,
    ReadFiles,
    ReadPart,
    Revisit,
    Revisited,
    Setup,
    Task,
)
from tocsin.detections.crew.survey import survey
from tocsin.detections.one_pass import Pass
from tocsin.detections.reading import fault_of
from tocsin.evidence.opening import Portion
from tocsin.evidence.parts import part_of
from tocsin.evidence.source import Source
from tocsin.model.coverage import Skipped

_TOLD_BYTES = 8 << 20
_TOLD_SECONDS = 0.2

Tell = Callable[[Progressed | PartFound], None]


class Worker:
    """Does the tasks of one pass, in a process of its own."""

    def __init__(self, setup: Setup, tell: Tell) -> None:
        """Compile the packs; open the evidence, if it is a container.

        Raises:
            EvidenceError: the container cannot be opened any more.
        """
        if setup.memory is not None:
            hold_to(setup.memory)
        self._portion = Portion(setup.shared)
        self._run = Pass(setup.packs, setup.products, setup.scanning)
        self._run.served = setup.served or self._run.served
        self._run.signs.seen |= setup.seen
        self._names = self._run.served.names
        self._copied = setup.copied
        self._tell = tell
        self._pace = _Pace(tell)
        self._alone = False
        self._portion.giver.watch = self._pace.add

    def do(self, task: Task) -> Answer:
        """Do one task.

        Raises:
            EvidenceError: the evidence as a whole cannot be read.
        """
        if isinstance(task, ReadFiles):
            return self._read(task.jobs)
        if isinstance(task, Divide):
            return self._divide(task)
        if isinstance(task, ReadPart):
            return self._read_part(task)
        if isinstance(task, HashContainer):
            self._portion.hash_container()
            return ContainerHashed(self._portion.giver.take())
        return self._revisit(task)

    def _read(self, jobs: tuple[Job, ...]) -> FilesRead:
        accounts = []
        for job in jobs:
            skipped: list[Skipped] = []
            for source in self._sources(job):
                skipped += self._run.read(source)
            accounts.append(self._account(job, skipped))
        return FilesRead(accounts=accounts, collected=self._run.take(), alone=self._is_alone())

    def _sources(self, job: Job) -> Iterator[Source]:
        path = job.entry if isinstance(job.entry, str) else job.entry.path
        for source in self._portion.give(job.entry):
            inside = source.path != path
            # what stands in an inner container was not planned for: its copies may be elsewhere
            self._alone |= inside and (source.shadow_copy or source.where in self._copied)
            yield source

    def _account(self, job: Job, skipped: list[Skipped]) -> Account:
        given = self._portion.giver.take()
        self._alone |= given.broken
        return Account(index=job.index, given=given, skipped=tuple(skipped))

    def _is_alone(self) -> bool:
        """Tell whether something was met that bears on files that others may have read already."""
        return self._alone or self._run.served.names != self._names

    def _divide(self, task: Divide) -> Divided | FilesRead:
        """Divide a log; it is no container, so one source at most stands for it."""
        skipped: list[Skipped] = []
        found: _Found | None = None
        fault = ""
        for source in self._sources(task.job):
            module = self._run.divisible(source)
            if isinstance(module, RowModule):
                self._run.see(source)
                found = _Found(task.job, module, source, self._tell)
                fault = self._look(found, task.size)
            else:
                skipped += self._run.read(source)
        account, collected = self._account(task.job, skipped), self._run.take()
        if found is None:
            return FilesRead(accounts=[account], collected=collected, alone=self._is_alone())
        return Divided(
            job=task.job,
            account=account,
            collected=collected,
            parts=found.parts,
            fault=fault,
            alone=self._is_alone(),
        )

    def _look(self, found: _Found, size: int) -> str:
        self._pace.muted = True  # progress is what is read, not what is looked at
        try:
            return fault_of(lambda: found.add_all(size))
        finally:
            self._pace.muted = False

    def _read_part(self, task: ReadPart) -> PartDone:
        entry = task.job.entry
        if isinstance(entry, str):
            raise TypeError(f"{entry}: a member of a container cannot be read from the middle")
        whole = Source(
            path=entry.path,
            where=task.where,
            size=entry.size,
            modified=entry.modified,
            opener=_nothing,
            head=task.head,
        )
        module = next(module for module in modules() if task.kind == module.KIND)
        read = self._run.read_part(part_of(entry, whole, task.part), module, task.part, task.job.index)
        self._pace.add(entry.path, task.part.stop - task.part.start)
        return PartDone(index=task.job.index, number=task.number, read=read, collected=self._run.take())

    def _revisit(self, task: Revisit) -> Revisited:
        self._pace.muted = True
        skipped = tuple(self._run.revisit(task.urls, task.forget))
        return Revisited(collected=self._run.take(), skipped=skipped)


class _Found:
    """Tells of the parts of a log as they are found."""

    def __init__(self, job: Job, module: RowModule, source: Source, tell: Tell) -> None:
        self.parts = 0
        self._job = job
        self._module = module
        self._source = source
        self._tell = tell

    def add_all(self, size: int) -> None:
        for part in survey(self._source, self._module, size):
            task = ReadPart(
                job=self._job,
                number=self.parts,
                kind=self._module.KIND,
                where=self._source.where,
                head=self._source.head,
                part=part,
            )
            self._tell(PartFound(task))
            self.parts += 1


class _Pace:
    """Tells of bytes read, now and then: whoever listens has other things to do."""

    def __init__(self, tell: Tell) -> None:
        self.muted = False
        self._tell = tell
        self._size = 0
        self._last = time.monotonic()

    def add(self, path: str, size: int) -> None:
        if self.muted:
            return
        self._size += size
        now = time.monotonic()
        if self._size >= _TOLD_BYTES or now - self._last >= _TOLD_SECONDS:
            self._tell(Progressed(path, self._size))
            self._size, self._last = 0, now


def _nothing() -> BinaryIO:
    return io.BytesIO()
