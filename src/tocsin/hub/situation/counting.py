"""Counts by day from events: kept by what each new event changes, or made anew from all of them.

Both ways go through `rules.daily` with one server's events at a time, so they cannot disagree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.exposure.models import Event
from tocsin.hub.rules.daily import Change, Key, Place, deltas, episodes, history
from tocsin.hub.situation.models import Counted, DailyCount, TimesOpen

CHUNK = 2_000
KINDS = ("exposure", "compromise", "place")
"""Kinds of events that move counts."""

FIELDS = ("id", "at", "kind", "subject", "campaign", "after", "detail")
Raw = tuple[Any, ...]
Server = tuple[str, str]
"""Campaign and subject."""


class Span(NamedTuple):
    """A cell of `TimesOpen`: days as ordinals, 0 for none."""

    dimension: str
    value: str
    opened: int
    last_open: int
    fixed: int


class Cells(NamedTuple):
    """Counts of one campaign: changes by day, and times open."""

    days: Counter[Key]
    spans: Counter[Span]

    def add(self, changes: Iterable[Change], sign: int = 1) -> None:
        """Add one server, as its events tell of it; or take it away."""
        known = tuple(changes)
        states = history(known)
        for key, number in deltas(states).items():
            self.days[key] += sign * number
        last = states[-1].place if states else Place()
        for one in episodes(known):
            for dimension, value in last.values():
                self.spans[Span(dimension, value, one.opened, one.last_open or 0, one.fixed or 0)] += sign


def empty() -> Cells:
    """No counts yet."""
    return Cells(Counter(), Counter())


def changes_of(raw: Raw) -> Iterator[Change]:
    """What one event says, for the counts.

    ``detail`` may hold ``place`` (sector, region, country, branch), ``last_open`` (a day), and ``path``: the
    steps on the way to ``after``, where a late census told of several.
    """
    _, at, kind, _, _, after, detail = raw
    day = at.astimezone(UTC).toordinal()
    place, last = detail.get("place"), detail.get("last_open")
    if place:
        yield Change(day, place=Place(**place))
    if kind == "exposure":
        for step, state in detail.get("path", ())[:-1]:
            yield Change(_ordinal(step), exposure=state)
        yield Change(day, exposure=after, last_open=_ordinal(last) if last else None)
    elif kind == "compromise":
        yield Change(day, compromise=after)


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def count_events() -> bool:
    """Count a few thousand new events. Says whether there were any."""
    with transaction.atomic():
        counted = Counted.objects.select_for_update().get_or_create(pk=1)[0]
        newest = list(_relevant().filter(id__gt=counted.events).values_list(*FIELDS).order_by("id")[:CHUNK])
        if not newest:
            return False
        found = _differences({(raw[4], raw[3]) for raw in newest}, counted.events, newest[-1][0])
        numbers = dict(Campaign.objects.filter(key__in=found).values_list("key", "id"))
        for key, cells in found.items():
            if key in numbers:
                add_cells(numbers[key], cells)
        counted.events = newest[-1][0]
        counted.save(update_fields=["events"])
    return True


def _relevant() -> QuerySet[Event]:
    return Event.objects.filter(kind__in=KINDS).exclude(campaign="")


def _differences(servers: set[Server], before: int, until: int) -> dict[str, Cells]:
    """What the events after ``before`` change, by campaign."""
    known: dict[Server, list[Raw]] = defaultdict(list)
    subjects = sorted({subject for _, subject in servers})
    for start in range(0, len(subjects), 500):
        rows = _relevant().filter(subject__in=subjects[start : start + 500], id__lte=until)
        for raw in rows.values_list(*FIELDS).order_by("id"):
            known[(raw[4], raw[3])].append(raw)
    found: dict[str, Cells] = defaultdict(empty)
    for server in servers:
        changes = [(raw[0], change) for raw in known[server] for change in changes_of(raw)]
        found[server[0]].add([change for number, change in changes if number <= before], -1)
        found[server[0]].add([change for _, change in changes])
    return found


def counted_until(moment: datetime, campaign: str) -> Cells:
    """The counts of one campaign as they were known at a moment, from the events alone."""
    rows = _relevant().filter(campaign=campaign, recorded__lte=moment).order_by("subject", "id")
    return _whole(rows.values_list(*FIELDS).iterator(chunk_size=5_000))


def rebuild() -> None:
    """Make all counts anew from the events."""
    with transaction.atomic():
        DailyCount.objects.all().delete()
        TimesOpen.objects.all().delete()
        last = _relevant().order_by("-id").values_list("id", flat=True).first() or 0
        for number, key in Campaign.objects.values_list("id", "key"):
            rows = _relevant().filter(campaign=key, id__lte=last).order_by("subject", "id")
            add_cells(number, _whole(rows.values_list(*FIELDS).iterator(chunk_size=5_000)))
        Counted.objects.update_or_create(pk=1, defaults={"events": last})


def _whole(rows: Iterator[Raw]) -> Cells:
    cells = empty()
    for _, group in groupby(rows, key=lambda raw: raw[3]):
        cells.add([change for raw in group for change in changes_of(raw)])
    return cells


def add_cells(campaign: int, cells: Cells) -> None:
    """Add to what is kept. Cells that come to nothing are removed."""
    days = [
        (campaign, date.fromordinal(key.day), *key[1:], number)
        for key, number in cells.days.items()
        if number
    ]
    spans = [(campaign, *span, number) for span, number in cells.spans.items() if number]
    key_columns = "day, dimension, value, exposure, compromise"
    _upsert("situation_dailycount", key_columns, "change", days)
    _upsert("situation_timesopen", "dimension, value, opened, last_open, fixed", "servers", spans)
    if days:
        DailyCount.objects.filter(Q(campaign=campaign) & Q(change=0)).delete()
    if spans:
        TimesOpen.objects.filter(Q(campaign=campaign) & Q(servers=0)).delete()


def _upsert(table: str, columns: str, number: str, rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    marks = ", ".join(["%s"] * len(rows[0]))
    # The one place with SQL of its own: adding in the database is what makes the counts of two chunks meet.
    statement = (
        f"INSERT INTO {table} (campaign_id, {columns}, {number}) VALUES ({marks}) "  # noqa: S608 - our own names
        f"ON CONFLICT (campaign_id, {columns}) DO UPDATE SET {number} = {table}.{number} + excluded.{number}"
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
