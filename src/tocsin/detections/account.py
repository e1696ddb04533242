"""The account of what was read: per kind, how many lines, from when to when, and where silence lay.

Nothing here depends on the order in which files or records arrive.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tocsin.model.coverage import ArtefactCoverage
from tocsin.model.places import TimeSpan
from tocsin.model.records import Blank, Briefs, Given, Header, Record, Unreadable

_HOUR = 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class KindAccount:
    """Running totals of one kind of artefact. ``hours`` holds every hour that has a record."""

    files: int = 0
    bytes: int = 0
    lines: int = 0
    records: int = 0
    unreadable: int = 0
    headers: int = 0
    blank: int = 0
    errors: int = 0
    lost: int = 0
    excerpt: bool = False
    start: datetime | None = None
    end: datetime | None = None
    hours: set[int] = field(default_factory=set)
    _hour: tuple[datetime, datetime] = field(default=(_EPOCH, _EPOCH), compare=False, repr=False)

    def count(self, item: Given) -> None:
        """Add one item."""
        if isinstance(item, Record):
            self._record(item)
        elif isinstance(item, Briefs):
            self._briefs(item)
        elif isinstance(item, Unreadable):
            self.unreadable += 1
        elif isinstance(item, Header):
            self.headers += 1
        elif isinstance(item, Blank):
            self.blank += 1
        else:
            self.lost += item.count

    def _record(self, record: Record) -> None:
        self.records += 1
        if record.weak:
            self.excerpt = True
        moment = record.time
        if moment is None:
            return
        if not self._hour[0] <= moment < self._hour[1]:
            self._enter(moment)
        if self.start is None or moment < self.start:
            self.start = moment
        if self.end is None or moment > self.end:
            self.end = moment

    def _briefs(self, item: Briefs) -> None:
        self.records += len(item.times)
        known = [moment for moment in item.times if moment is not None]
        if not known:
            return
        first, last = min(known), max(known)
        self.start = first if self.start is None else min(self.start, first)
        self.end = last if self.end is None else max(self.end, last)
        if not self._hour[0] <= first <= last < self._hour[1]:
            self.hours.update(int(moment.timestamp()) // _HOUR for moment in known)
            self._enter(last)

    def count_plain(self, records: int, first: datetime, last: datetime, hours: Iterable[int]) -> None:
        """Add records that nobody doubts: how many, their first and last time, the hours that hold one."""
        self.records += records
        self.hours.update(hours)
        self.start = first if self.start is None else min(self.start, first)
        self.end = last if self.end is None else max(self.end, last)

    def _enter(self, moment: datetime) -> None:
        """Note the hour of a moment; most records are of the hour of the one before."""
        hour = int(moment.timestamp()) // _HOUR
        self.hours.add(hour)
        self._hour = (_moment(hour * _HOUR), _moment((hour + 1) * _HOUR))

    def join(self, other: KindAccount) -> None:
        """Add the totals of another account, ``files`` and ``bytes`` excepted."""
        for name in ("lines", "records", "unreadable", "headers", "blank", "errors", "lost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.excerpt = self.excerpt or other.excerpt
        self.hours |= other.hours
        starts = [moment for moment in (self.start, other.start) if moment]
        ends = [moment for moment in (self.end, other.end) if moment]
        self.start, self.end = min(starts, default=None), max(ends, default=None)

    def merge(self, other: KindAccount) -> None:
        """Add the totals of another account, of other files."""
        self.join(other)
        self.files += other.files
        self.bytes += other.bytes

    def gaps(self, quiet_hours: int) -> tuple[TimeSpan, ...]:
        """Give the silences longer than ``quiet_hours``, between the first record and the last."""
        return tuple(_silences(sorted(self.hours), timedelta(hours=quiet_hours)))


def _silences(hours: list[int], quiet: timedelta) -> Iterator[TimeSpan]:
    for before, after in itertools.pairwise(hours):
        if timedelta(hours=after - before - 1) > quiet:
            yield TimeSpan(start=_moment((before + 1) * _HOUR), end=_moment(after * _HOUR))


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


class CoverageAccount:
    """The totals of every kind met in the evidence."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._kinds: dict[str, KindAccount] = {}

    def of(self, kind: str) -> KindAccount:
        """Give the running totals of a kind, starting them if it is new."""
        found = self._kinds.get(kind)
        if found is None:
            found = self._kinds[kind] = KindAccount()
        return found

    def count(self, item: Given) -> None:
        """Add one item under its own kind."""
        self.of(item.kind).count(item)

    def merge(self, other: CoverageAccount) -> None:
        """Add what was read elsewhere."""
        for kind, account in other._kinds.items():
            self.of(kind).merge(account)

    @property
    def last_moment(self) -> datetime | None:
        """The latest time of any record, aware UTC."""
        ends = [account.end for account in self._kinds.values() if account.end]
        return max(ends, default=None)

    def first_moment(self, kinds: Collection[str]) -> datetime | None:
        """Give the earliest time of any record of these kinds, aware UTC."""
        starts = [account.start for kind, account in self._kinds.items() if kind in kinds and account.start]
        return min(starts, default=None)

    def kinds(self) -> frozenset[str]:
        """Give the kinds of which at least one record was read."""
        return frozenset(kind for kind, account in self._kinds.items() if account.records)

    def rows(self, wanted: Mapping[str, int]) -> tuple[ArtefactCoverage, ...]:
        """Give one row a kind, sorted; ``wanted`` maps a kind to its longest ordinary silence in hours."""
        kinds = sorted(set(self._kinds) | set(wanted))
        return tuple(self._row(kind, wanted) for kind in kinds)

    def _row(self, kind: str, wanted: Mapping[str, int]) -> ArtefactCoverage:
        account = self._kinds.get(kind, KindAccount())
        return ArtefactCoverage(
            kind=kind,
            wanted=kind in wanted,
            files=account.files,
            bytes=account.bytes,
            start=account.start,
            end=account.end,
            lines=account.lines,
            records=account.records,
            unreadable=account.unreadable,
            headers=account.headers,
            blank=account.blank,
            errors=account.errors,
            lost=account.lost,
            excerpt=account.excerpt,
            gaps=account.gaps(wanted.get(kind, 24)),
        )
