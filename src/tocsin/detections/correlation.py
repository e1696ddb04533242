"""Correlations: matches of several rules, or many matches of one, close together in time.

Files arrive in any order, so matches are gathered compactly and judged at the end. Logs round
times differently (IIS to the second, HttpProxy to the millisecond): times are compared by the
second, and within one second steps count as being in order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.detections.findings import client_of, filled, finding_id, rung_of
from tocsin.detections.pages import is_tasking, page_of
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.packs.logsources import WEB_KINDS
from tocsin.packs.rules import Correlation

MOST_EVENTS = 200_000
"""Matches that one correlation holds in memory; the earliest are kept, and a notice says so."""
SHOWN = 10
"""Places that a finding names."""


class Event(Struct, frozen=True, gc=False):
    """One match of one of the correlation's rules; ``rule`` is its position among them."""

    second: int
    rule: int
    time: datetime
    locator: Locator
    group: tuple[str, ...]
    value: str
    weak: bool
    kind: str
    client: str | None
    url: str | None
    tasked: bool

    @property
    def order(self) -> tuple[int, int, str, str, int, str]:
        """A total order that does not depend on the order of input."""
        return (self.second, self.rule, self.time.isoformat(), *self.locator.order, self.value)


class Gathered(Struct, frozen=True, kw_only=True):
    """What a correlator holds of a part of the evidence."""

    events: list[Event]
    left_out: int
    timeless: int


class Correlator:
    """Gathers the matches of one correlation's rules, and gives its findings at the end."""

    def __init__(self, pack: str, correlation: Correlation, *, most_events: int = MOST_EVENTS) -> None:
        """Start empty; at most ``most_events`` matches are held."""
        self.pack = pack
        self.correlation = correlation
        self.left_out = 0
        self.timeless = 0
        self._most = most_events
        self._events: list[Event] = []

    def feed(self, title: str, record: Record, *, weak: bool) -> None:
        """Take a match of the rule with this title; matches without the grouping fields are no part."""
        group = _values(self.correlation, title, record.fields, self.correlation.group_by)
        wanted = (self.correlation.value_field,) if self.correlation.value_field else ()
        value = _values(self.correlation, title, record.fields, wanted)
        if group is None or value is None:
            return
        if record.time is None:
            self.timeless += 1
            return
        for at, rule in enumerate(self.correlation.rules):
            if rule == title:
                self._events.append(_event(at, record, record.time, group, value, weak=weak))
        if len(self._events) >= 2 * self._most:
            self._cut()

    def take(self) -> Gathered:
        """Give the matches gathered so far, and begin anew."""
        taken = Gathered(events=self._events, left_out=self.left_out, timeless=self.timeless)
        self._events, self.left_out, self.timeless = [], 0, 0
        return taken

    def merge(self, other: Gathered) -> None:
        """Add matches that were gathered elsewhere."""
        self._events += other.events
        self.left_out += other.left_out
        self.timeless += other.timeless
        if len(self._events) >= 2 * self._most:
            self._cut()

    def _cut(self) -> None:
        self._events.sort(key=lambda event: event.order)
        self.left_out += max(0, len(self._events) - self._most)
        del self._events[self._most :]

    def finish(self) -> Iterator[Finding]:
        """Yield the correlation's findings, group by group."""
        self._cut()
        groups: dict[tuple[str, ...], list[Event]] = defaultdict(list)
        for event in self._events:
            groups[event.group].append(event)
        for group, events in sorted(groups.items()):
            for run, proof in self._runs(events):
                yield self._finding(group, run, proof)

    def _runs(self, events: Sequence[Event]) -> Iterator[tuple[list[Event], Event]]:
        if self.correlation.type == "temporal_ordered":
            return _sequences(events, len(self.correlation.rules), self.correlation.seconds)
        return _bursts(events, self.correlation)

    def notices(self) -> Iterator[str]:
        """Yield what was left out, in plain words."""
        if self.left_out:
            yield (
                f"{self.correlation.title}: of the matches that it correlates the earliest "
                f"{self._most:,} were considered, {self.left_out:,} later ones were not."
            )
        if self.timeless:
            yield f"{self.correlation.title}: {self.timeless:,} matches without a time were left out."

    def _finding(self, group: tuple[str, ...], run: list[Event], proof: Event) -> Finding:
        head = self.correlation.head
        words = {
            **dict(zip(self.correlation.group_by, group, strict=True)),
            "events": str(len(run)),
            "first": run[0].time.isoformat(),
            "last": run[-1].time.isoformat(),
        }
        return Finding(
            id=finding_id(self.pack, head.title, proof.locator, proof.time),
            rule=head.title,
            author=head.author,
            means=self.correlation.means,
            weak=any(event.weak for event in run),
            rung=rung_of(head),
            time=proof.time,
            locator=proof.locator,
            summary=filled(head.summary, words.get) if head.summary else head.title,
            source_ip=proof.client,
            kind=proof.kind,
            url=proof.url,
            details={**words, **_page(run), "places": "; ".join(str(event.locator) for event in run[:SHOWN])},
        )


def _page(run: Sequence[Event]) -> dict[str, str]:
    """The one server page that all requests are for, and whether each gave it something to do."""
    pages = {page_of(event.url) if event.url and event.kind in WEB_KINDS else None for event in run}
    page = next(iter(pages))
    if len(pages) > 1 or page is None:
        return {}
    return {"page": page, "tasked": "yes" if all(event.tasked for event in run) else ""}


def _event(
    at: int, record: Record, time: datetime, group: tuple[str, ...], value: tuple[str, ...], *, weak: bool
) -> Event:
    return Event(
        int(time.timestamp()),
        at,
        time,
        record.locator,
        group,
        value[0] if value else "",
        weak,
        record.kind,
        client_of(record.fields),
        record.fields.get("cs-uri-stem"),
        is_tasking(record),
    )


def _values(
    correlation: Correlation, title: str, fields: Mapping[str, str | None], names: tuple[str, ...]
) -> tuple[str, ...] | None:
    """The values of fields or aliases in lower case; None as soon as one is empty or absent."""
    found = []
    for name in names:
        value = fields.get(correlation.aliases.get(name, {}).get(title, name))
        if value is None:
            return None
        found.append(value.lower())
    return tuple(found)


def _bursts(events: Sequence[Event], correlation: Correlation) -> Iterator[tuple[list[Event], Event]]:
    """Runs of overlapping windows in which the threshold is met, and the event that met it first."""
    run_start, run_end, proof = 0, -1, None
    for left, right in _full_windows(events, correlation):
        if proof is not None and left > run_end:
            yield list(events[run_start : run_end + 1]), proof
            proof = None
        if proof is None:
            run_start, proof = left, events[right]
        run_end = right
    if proof is not None:
        yield list(events[run_start : run_end + 1]), proof


def _full_windows(events: Sequence[Event], correlation: Correlation) -> Iterator[tuple[int, int]]:
    """Every event at which the window that ends there meets the threshold: (first, last) index."""
    counted: Counter[object] = Counter()
    left = 0
    for right, event in enumerate(events):
        counted[_counted(event, right, correlation)] += 1
        while events[left].second < event.second - correlation.seconds:
            leaving = _counted(events[left], left, correlation)
            counted[leaving] -= 1
            if not counted[leaving]:
                del counted[leaving]
            left += 1
        if len(counted) >= correlation.threshold:
            yield left, right


def _counted(event: Event, at: int, correlation: Correlation) -> object:
    """What must differ for an event to count: nothing, the value, or the rule."""
    if correlation.type == "event_count":
        return at
    return event.value if correlation.type == "value_count" else event.rule


def _sequences(events: Sequence[Event], steps: int, seconds: int) -> Iterator[tuple[list[Event], Event]]:
    """Complete chains of all steps in order within the time span; each event serves one chain."""
    chains: list[list[Event] | None] = [None] * steps
    for event in events:
        before = [event] if event.rule == 0 else _continued(chains[event.rule - 1], event, seconds)
        if before is None:
            continue
        chains[event.rule] = before
        if event.rule == steps - 1:
            yield before, event
            chains = [None] * steps


def _continued(chain: list[Event] | None, event: Event, seconds: int) -> list[Event] | None:
    """The chain with the event at its end, unless it began too long ago."""
    if chain is None or event.second - chain[0].second > seconds:
        return None
    return [*chain, event]
