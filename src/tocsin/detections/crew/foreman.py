"""Have workers read the evidence, and put what they collected together as if one pass had read it all.

What can only be told from the order of files (a bound on the whole is met, an inner container holds
configuration or shadow copies) is left to a single pass: ``NeedsOnePass`` is raised, and only time is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tocsin.detections.crew.joining import DividedLog
from tocsin.detections.crew.messages import (
    Account,
    Answer,
    ContainerHashed,
    Divided,
    FilesRead,
    PartDone,
    PartFound,
    Progressed,
    ReadFiles,
    Revisit,
    Setup,
    Task,
)
from tocsin.detections.crew.plan import SMALLEST_PART, plan
from tocsin.detections.crew.processes import Processes
from tocsin.detections.crew.worker import Worker
from tocsin.detections.one_pass import Collected, Pass
from tocsin.evidence.entries import Entry
from tocsin.evidence.limits import Limits
from tocsin.evidence.opening import Evidence
from tocsin.model.coverage import Skipped

Told = Callable[[str, int], None]
"""Told of bytes that were read: of which file, and how many."""


class NeedsOnePass(Exception):
    """What was met can only be told by reading one file after the other."""


class Crew(Struct, frozen=True, kw_only=True):
    """How many processes read, and what they get.

    Attributes:
        workers: processes.
        smallest: bytes of the smallest part of a file.
        memory: bytes that each may hold, or None.
    """

    workers: int
    smallest: int = SMALLEST_PART
    memory: int | None = None


def may_share(evidence: Evidence, limits: Limits) -> bool:
    """Tell whether the bounds on the whole are out of reach, as far as sizes are known."""
    return evidence.total_bytes <= limits.total_bytes and evidence.total_files < limits.files


class Foreman:
    """Reads one evidence with a crew."""

    def __init__(self, evidence: Evidence, crew: Crew, told: Told | None) -> None:
        """Begin with nothing read; ``told`` is told of bytes read."""
        self._evidence = evidence
        self._crew = crew
        self._told = told
        self._queue: deque[Task] = deque()
        self._accounts: dict[int, Account] = {}
        self._logs: dict[int, DividedLog] = {}
        self._forget: set[int] = set()
        self._files = 0
        self._bytes = 0

    def workers(self, setup: Setup, run: Pass, entries: Sequence[tuple[int, Entry]]) -> Processes:
        """Plan how entries are read, and give the workers for it, not yet started.

        Args:
            setup: what the workers start with, as far as it is known before anything is read.
            run: the pass that has read what names directories.
            entries: what is left, each with its turn.
        """
        count = self._crew.workers
        container = setup.shared.container
        work = plan(entries, container=container, workers=count, smallest=self._crew.smallest)
        self._queue.extend(work.tasks)
        whole = replace(
            setup,
            served=run.served,
            seen=frozenset(run.signs.seen),
            copied=work.copied,
            memory=self._crew.memory,
        )
        return Processes(count, Worker, whole)

    def read(self, workers: Processes, run: Pass) -> list[Skipped]:
        """Read everything and merge it into the pass; give what was skipped, in the order of the evidence.

        Raises:
            NeedsOnePass: see there.
            EnvironmentFault: a worker is no more.
            EvidenceError: the evidence as a whole cannot be read.
        """
        for message in workers.run(self._queue):
            self._take(message, run)
        skipped: list[Skipped] = []
        for _, account in sorted(self._accounts.items()):
            self._evidence.join(account.given)
            skipped += account.skipped
        return skipped

    def revisit(self, workers: Processes, run: Pass, urls: frozenset[str]) -> list[Skipped]:
        """Have the logs of the fast lane read again for some pages; give what could not be."""
        skipped: list[Skipped] = []
        task = Revisit(urls, frozenset(self._forget))
        for answer in workers.run_each(task) if urls else ():
            run.merge(answer.collected)
            skipped += answer.skipped
        return sorted(skipped, key=lambda one: (one.path, one.why))

    def _take(self, message: Answer | Progressed | PartFound, run: Pass) -> None:
        if isinstance(message, Progressed):
            if self._told:
                self._told(message.path, message.size)
        elif isinstance(message, PartFound):
            self._log(message.task.job.index).found(message.task)
            self._queue.appendleft(message.task)
        elif isinstance(message, FilesRead):
            for account in message.accounts:
                self._count(account)
            self._merge(run, message.collected, alone=message.alone)
        elif isinstance(message, ContainerHashed):
            self._evidence.join_container(message.given)
        elif isinstance(message, Divided | PartDone):
            self._advanced(message, run)

    def _log(self, index: int) -> DividedLog:
        return self._logs.setdefault(index, DividedLog())

    @staticmethod
    def _merge(run: Pass, collected: Collected, *, alone: bool) -> None:
        if alone:
            raise NeedsOnePass
        run.merge(collected)

    def _count(self, account: Account) -> None:
        self._accounts[account.index] = account
        self._files += account.given.read_files
        self._bytes += account.given.read_bytes
        limits = self._evidence.limits
        if self._files > limits.files or self._bytes > limits.total_bytes:
            raise NeedsOnePass

    def _advanced(self, message: Divided | PartDone, run: Pass) -> None:
        index = message.job.index if isinstance(message, Divided) else message.index
        log = self._log(index)
        if isinstance(message, Divided):
            log.divided(message)
        else:
            log.read(message)
        whole = log.complete
        if whole is not None:
            del self._logs[index]
            self._finish_log(log, whole, run)

    def _finish_log(self, log: DividedLog, whole: Divided, run: Pass) -> None:
        if not log.fits(whole):
            self._forget.add(whole.job.index)
            self._queue.append(ReadFiles((whole.job,)))
            return
        self._count(whole.account)
        for collected in log.collected(whole):
            self._merge(run, collected, alone=whole.alone)
        log.close(run, whole.job)
