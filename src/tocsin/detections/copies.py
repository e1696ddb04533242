"""Shadow copies: what they hold a second time is not counted a second time.

A shadow copy is the disk as it was. A log that only grew since then begins with what the copy holds;
an event log keeps its records under their numbers. What the disk has lost since, the copy alone holds.
Files have to come as ``Evidence.sources`` gives them: the disk first, then the newest copy.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import BinaryIO, TypeVar

from tocsin.errors import ArtefactError
from tocsin.evidence.layout import on_disk
from tocsin.evidence.source import Source
from tocsin.model.records import Briefs, Given, Record

_BLOCK = 1 << 18

Opener = Callable[[], BinaryIO]
T = TypeVar("T", bound=Given)


class Copies:
    """What was read so far, and how much of it stood in shadow copies again."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._openers: dict[str, list[Opener]] = defaultdict(list)
        self._numbers: dict[str, _Numbers] = defaultdict(_Numbers)
        self._files = 0
        self._records = 0

    def repeats(self, source: Source) -> bool:
        """Tell whether a file of a shadow copy holds nothing but the beginning of one that was read."""
        known = self._openers[on_disk(source.where)]
        if source.shadow_copy and any(_begins(longer, source.opener) for longer in known):
            self._files += 1
            return True
        known.append(source.opener)
        return False

    def new(self, item: T, source: Source) -> T | Briefs | None:
        """Give what an item holds that is no event of a shadow copy which was read already, or None."""
        if not _is_event_log(source):
            return item
        if isinstance(item, Briefs):
            return self._new_among(item, source)
        return None if isinstance(item, Record) and self._repeated(item, source) else item

    def _repeated(self, item: Record, source: Source) -> bool:
        """Tell whether an event of a shadow copy was read already, under its number, with its time."""
        if item.locator.record is None:
            return False
        numbers = self._numbers[on_disk(source.where)]
        if source.shadow_copy and numbers.hold(item.locator.record, item.time):
            self._records += 1
            return True
        numbers.add(item.locator.record, item.time)
        return False

    def _new_among(self, item: Briefs, source: Source) -> Briefs | None:
        numbers = self._numbers[on_disk(source.where)]
        if not source.shadow_copy:
            numbers.add_all(item.numbers, item.times)
            return item
        kept = []
        for place, (number, moment) in enumerate(zip(item.numbers, item.times, strict=True)):
            if not numbers.hold(number, moment):
                numbers.add(number, moment)
                kept.append(place)
        self._records += len(item.numbers) - len(kept)
        return item.only(kept) if kept else None

    def take(self) -> tuple[int, int]:
        """Give how many files and events were left out, and begin to count anew."""
        taken = (self._files, self._records)
        self._files = self._records = 0
        return taken

    def add(self, files: int, records: int) -> None:
        """Add what was left out elsewhere."""
        self._files += files
        self._records += records

    def notices(self) -> Iterator[str]:
        """Say what was left out."""
        if self._files:
            yield f"{self._files:,} file(s) of shadow copies hold only what the disk holds: counted once."
        if self._records:
            yield f"{self._records:,} event(s) of shadow copies stand in the disk's own logs: counted once."


def _is_event_log(source: Source) -> bool:
    return source.where.endswith(".evtx")


def _begins(longer: Opener, shorter: Opener) -> bool:
    """Tell whether what the one gives begins with all that the other gives; not if either is damaged."""
    try:
        with closing(longer()) as whole, closing(shorter()) as part:
            while block := part.read(_BLOCK):
                if whole.read(len(block)) != block:
                    return False
    except (ArtefactError, OSError):
        return False
    return True


class _Numbers:
    """Numbers of records in runs without a hole, each with the times at its ends: little to hold."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._runs: list[tuple[int, int, datetime | None, datetime | None]] = []

    def add(self, number: int, moment: datetime | None) -> None:
        """Take a record; those of one log mostly come in their order."""
        if self._follows(number):
            self._extend(number, number, moment, moment)

    def add_all(self, numbers: Sequence[int], moments: Sequence[datetime | None]) -> None:
        """Take records in their order."""
        first, last = numbers[0], numbers[-1]
        known = [one for one in moments if one]
        if self._follows(first) and numbers == tuple(range(first, last + 1)):
            self._extend(first, last, min(known, default=None), max(known, default=None))
            return
        for number, moment in zip(numbers, moments, strict=True):
            self.add(number, moment)

    def _follows(self, number: int) -> bool:
        """Tell whether a number stands right after the last one, or beyond where the last run began."""
        return not self._runs or self._runs[-1][1] + 1 == number or number > self._firsts[-1]

    def _extend(self, first: int, last: int, start: datetime | None, end: datetime | None) -> None:
        if self._runs and self._runs[-1][1] + 1 == first:
            begin, _, earliest, latest = self._runs[-1]
            starts = [one for one in (earliest, start) if one]
            ends = [one for one in (latest, end) if one]
            self._runs[-1] = (begin, last, min(starts, default=None), max(ends, default=None))
        else:
            self._firsts.append(first)
            self._runs.append((first, last, start, end))

    def hold(self, number: int, moment: datetime | None) -> bool:
        """Tell whether that record was taken; numbers begin anew in a log that was made anew."""
        at = bisect_right(self._firsts, number) - 1
        if at < 0 or number > self._runs[at][1]:
            return False
        _, _, start, end = self._runs[at]
        return moment is None or start is None or end is None or start <= moment <= end
