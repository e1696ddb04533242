"""Counts by day: kept step by step, made anew, or as they were known then, they are the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.hub import making

from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.models import Event
from tocsin.hub.rules.daily import Key
from tocsin.hub.situation import counting
from tocsin.hub.situation.figures import situation
from tocsin.hub.situation.models import Counted, DailyCount, TimesOpen

PLACE = {"sector": "health", "region": "North", "country": "XA", "branch": "Exchange Server 2016 CU18"}
EVENTS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(1, 9),
        st.sampled_from(["exposure", "compromise", "place", "sources"]),
        st.sampled_from(["vulnerable", "patched", "unknown", "suspected"]),
        st.booleans(),
    ),
    max_size=25,
)
Told = tuple[int, int, str, str, bool]


def event(told: Told) -> Change:
    server, day, kind, after, placed = told
    detail: dict[str, object] = {"place": PLACE} if placed or kind == "place" else {}
    if kind == "exposure" and placed:
        detail |= {
            "path": [["2021-03-01", "vulnerable"], [f"2021-03-{day:02d}", after]],
            "last_open": "2021-03-01",
        }
    at = datetime(2021, 3, day, tzinfo=UTC)
    return Change(
        at=at, kind=kind, subject=f"server:{server}", campaign="proxylogon", after=after, detail=detail
    )


def add(events: list[Told]) -> None:
    with writing():
        append([event(one) for one in events])


def kept() -> tuple[Counter[tuple[object, ...]], Counter[tuple[object, ...]]]:
    fields = ("day", "dimension", "value", "exposure", "compromise")
    days = Counter({row[:5]: row[5] for row in DailyCount.objects.values_list(*fields, "change")})
    spans = ("dimension", "value", "opened", "last_open", "fixed")
    return days, Counter({row[:5]: row[5] for row in TimesOpen.objects.values_list(*spans, "servers")})


class Together(TestCase):  # type: ignore[misc]  # hypothesis has no types for Django's
    @settings(max_examples=40, deadline=None)
    @given(EVENTS, st.lists(st.integers(0, 25), max_size=3))
    def test_steps_the_whole_and_the_past_agree(self, events: list[Told], cuts: list[int]) -> None:
        making.campaign()
        ends = sorted({0, *(min(cut, len(events)) for cut in cuts), len(events)})
        for start, end in pairwise(ends):
            add(events[start:end])
            while counting.count_events():
                pass
        steps = kept()
        past = counting.counted_until(timezone.now(), "proxylogon")
        as_then = {
            (date.fromordinal(key.day), *key[1:]): number for key, number in past.days.items() if number
        }
        assert as_then == dict(steps[0])
        assert {tuple(span): number for span, number in past.spans.items() if number} == dict(steps[1])
        counting.rebuild()
        assert kept() == steps


@pytest.mark.django_db
def test_the_past_is_what_was_known_then() -> None:
    campaign = making.campaign()
    add([(1, 1, "exposure", "vulnerable", True), (2, 1, "exposure", "vulnerable", True)])
    Event.objects.update(recorded=datetime(2021, 3, 5, tzinfo=UTC))
    add([(1, 3, "exposure", "patched", False)])
    making.snapshot(days=2, finished=datetime(2021, 3, 5, tzinfo=UTC))
    while counting.count_events():
        pass
    now = situation(campaign)
    then = situation(campaign, as_of=datetime(2021, 3, 6, tzinfo=UTC))
    assert now is not None
    assert then is not None
    assert now.totals == {"vulnerable": 1, "patched": 1}
    assert then.totals == {"vulnerable": 2}
    assert then.by["sector"] == {"health": {"vulnerable": 2}}
    assert situation(campaign, as_of=datetime(2021, 3, 4, tzinfo=UTC)) is None


@pytest.mark.django_db
def test_what_is_counted_is_not_counted_again() -> None:
    making.campaign()
    add([(1, 1, "exposure", "vulnerable", False)])
    assert counting.count_events()
    before = kept()
    assert not counting.count_events()
    assert kept() == before
    assert Counted.objects.get().events == 1


@pytest.mark.django_db
def test_cells_that_come_to_nothing_go() -> None:
    campaign = making.campaign()
    key = Key(date(2021, 3, 3).toordinal(), "all", "", "vulnerable", "unknown")
    counting.add_cells(campaign.pk, counting.Cells(Counter({key: 2}), Counter()))
    counting.add_cells(campaign.pk, counting.Cells(Counter({key: -2}), Counter()))
    assert not DailyCount.objects.exists()


def test_a_place_moves_counts_from_its_day() -> None:
    raw = (1, datetime(2021, 3, 9, tzinfo=UTC), "place", "server:1", "proxylogon", "", {"place": PLACE})
    (change,) = counting.changes_of(raw)
    assert (change.day, change.exposure) == ((date(2021, 3, 2) + timedelta(days=7)).toordinal(), None)
    assert change.place is not None
    assert change.place.sector == "health"
