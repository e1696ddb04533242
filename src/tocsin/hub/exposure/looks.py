"""Which snapshots covered a server: what makes it mean something that they did not show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC

from msgspec import Struct

from tocsin.hub.census.known import Seen
from tocsin.hub.census.models import Snapshot
from tocsin.hub.rules import days
from tocsin.hub.rules.exposure import Looks
from tocsin.hub.rules.scope import Cover, Place, Scope, parse_scope

Method = tuple[int, str]
"""A source's method: two sources may call theirs the same."""


class _Alike(Struct, frozen=True, kw_only=True):
    """What snapshots must have in common to be one set of looks."""

    source: int
    method: str
    scope: Scope
    blind: tuple[str, ...]
    lists_all: bool
    window: int


class LookTable:
    """All snapshots that can prove an absence, for one campaign's check."""

    def __init__(self, words: Collection[str]) -> None:
        """Read them; ``words`` name the campaign in scopes."""
        alike: dict[_Alike, int] = defaultdict(int)
        continued: dict[Method, set[str]] = defaultdict(set)
        states = (Snapshot.SETTLING, Snapshot.COMPLETE)
        for one in Snapshot.objects.filter(state__in=states, unplaced=0).order_by("id"):
            continued[one.source_id, one.method].update(one.succeeds)
            scope = parse_scope(one.scope)
            if scope.known:
                alike[_alike(one, scope)] |= 1 << days.number(one.taken.astimezone(UTC).date())
        before = {one: _all_before(one, continued) for one in continued}
        self._whole: dict[int, tuple[Looks, ...]] = defaultdict(tuple)
        self._partial: dict[int, list[tuple[Cover, Looks]]] = defaultdict(list)
        self._placed: dict[tuple[int, Place], tuple[Looks, ...]] = {}
        for key, when in alike.items():
            cover = Cover(key.scope, key.blind)
            if cover.checks(words):
                self._sort(key, cover, when, before[key.source, key.method])

    def _sort(self, key: _Alike, cover: Cover, when: int, before: frozenset[str]) -> None:
        looks = Looks(
            source=key.source,
            days=when,
            method=key.method,
            continues=before,
            lists_all=key.lists_all,
            window=key.window,
        )
        if cover.whole:
            self._whole[key.source] += (looks,)
        else:
            self._partial[key.source].append((cover, looks))

    def place_matters(self, source: int) -> bool:
        """Whether any snapshot of a source covered only some places."""
        return source in self._partial

    def of(self, sightings: Sequence[Seen]) -> tuple[Looks, ...]:
        """Give the looks that covered a server where its sources saw it."""
        found: tuple[Looks, ...] = ()
        for source in sorted({one.source for one in sightings}):
            found += self._whole.get(source, ())
            if source in self._partial:
                places = {place_of(one) for one in sightings if one.source == source}
                for place in sorted(places, key=_spelt):
                    found += self._at(source, place)
        return found

    def _at(self, source: int, place: Place) -> tuple[Looks, ...]:
        kept = self._placed.get((source, place))
        if kept is None:
            kept = tuple(
                Looks(
                    source=source,
                    days=looks.days,
                    method=looks.method,
                    continues=looks.continues,
                    place=place,
                    lists_all=looks.lists_all,
                    window=looks.window,
                )
                for cover, looks in self._partial[source]
                if cover.covers(place)
            )
            self._placed[source, place] = kept
        return kept


def place_of(one: Seen) -> Place:
    """Give where an observation saw the server."""
    return Place(one.ip, one.port, str(one.geo.get("country", "")))


def _spelt(place: Place) -> tuple[str, int, str]:
    return (place.ip, place.port, place.country)


def _alike(one: Snapshot, scope: Scope) -> _Alike:
    return _Alike(
        source=one.source_id,
        method=one.method,
        scope=scope,
        blind=tuple(one.blind),
        lists_all=one.lists_all,
        window=one.window_days,
    )


def _all_before(method: Method, continued: dict[Method, set[str]]) -> frozenset[str]:
    """Give all methods of its source that a method continues, over several steps."""
    source, name = method
    found: set[str] = set()
    waiting = list(continued.get(method, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(continued.get((source, one), ()))
    return frozenset(found - {name})
