"""Put the parts of a log together again, if they fit: each begins in the state that the one before left."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tocsin.artefacts.registry import modules
from tocsin.detections.crew.messages import Divided, Job, PartDone, ReadPart
from tocsin.detections.one_pass import Collected, Pass
from tocsin.detections.reading import FileTally


class DividedLog:
    """What is known so far of a log that was divided."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._tasks: dict[int, ReadPart] = {}
        self._done: dict[int, PartDone] = {}
        self._whole: Divided | None = None

    def found(self, task: ReadPart) -> None:
        """Take a part that is to be read."""
        self._tasks[task.number] = task

    def read(self, done: PartDone) -> None:
        """Take a part that was read."""
        self._done[done.number] = done

    def divided(self, whole: Divided) -> None:
        """Take what there is besides the parts."""
        self._whole = whole

    @property
    def complete(self) -> Divided | None:
        """What there is besides the parts, once all of these were read."""
        whole = self._whole
        return whole if whole is not None and len(self._done) == len(self._tasks) else None

    def fits(self, whole: Divided) -> bool:
        """Tell whether the parts are the whole: nothing failed, and no state was guessed wrongly."""
        if whole.fault or not whole.parts or any(one.read.fault for one in self._done.values()):
            return False
        return all(self._follow(first, first + 1) for first in range(whole.parts - 1))

    def _follow(self, first: int, second: int) -> bool:
        read, part = self._done[first].read, self._tasks[second].part
        return read.state == part.state and read.counted.last_line == part.before

    def collected(self, whole: Divided) -> Iterator[Collected]:
        """Yield everything that was collected."""
        return itertools.chain([whole.collected], (one.collected for one in self._done.values()))

    def close(self, run: Pass, job: Job) -> None:
        """Count the log as one file."""
        tally = FileTally(job.size)
        kind = self._tasks[0].kind
        tally.module = next(module for module in modules() if kind == module.KIND)
        for number in sorted(self._done):
            tally.join(self._done[number].read.counted)
        tally.close(run.account)
