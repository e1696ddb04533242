"""A server's history as bars: whole, inside its frame, and true to the days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.exposure.timeline import WIDTH, Bar, Row, draw, sightings, states

DAY = date(2021, 3, 3)
DAYS = st.dates(DAY, DAY + timedelta(days=400))
CHANGES = st.lists(st.tuples(DAYS, st.sampled_from(["vulnerable", "patched", "unknown"])), max_size=8)


def plain(told: list[tuple[date, str]], day: date) -> str | None:
    """The state on a day: the last told of those that hold from a day up to it, day by day."""
    known: dict[date, str] = {}
    for start, state in told:
        for later in [each for each in known if each >= start]:
            del known[later]
        known[start] = state
    before = [start for start in known if start <= day]
    return known[max(before)] if before else None


@given(CHANGES, DAYS)
def test_every_day_has_the_state_that_was_told_of_it_last(told: list[tuple[date, str]], until: date) -> None:
    bars = states(told, until=until)
    for bar, after in pairwise(bars):
        assert bar.end + timedelta(days=1) == after.start
    for bar in bars:
        assert bar.start <= bar.end
        assert plain(told, bar.start) == plain(told, bar.end) == bar.state
    assert not told or bars[-1].end >= until


@given(st.lists(DAYS, max_size=30))
def test_sightings_are_the_days_and_no_others(days: list[date]) -> None:
    bars = sightings(days)
    covered = [bar.start + timedelta(days=n) for bar in bars for n in range((bar.end - bar.start).days + 1)]
    assert covered == sorted(set(days))
    assert all(a.end + timedelta(days=1) < b.start for a, b in pairwise(bars))


@given(st.lists(st.lists(DAYS, min_size=1, max_size=9), min_size=1, max_size=4))
def test_everything_is_drawn_inside_the_frame(rows: list[list[date]]) -> None:
    drawn = draw([Row(name=str(number), bars=sightings(days)) for number, days in enumerate(rows)])
    assert drawn is not None
    for line in drawn.lines:
        assert 0 <= line.y < drawn.height
        for bar in line.bars:
            assert bar.width > 0
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDTH + 0.11
    assert 1 <= len(drawn.ticks) <= 8
    assert all(0 <= tick.x <= WIDTH for tick in drawn.ticks)
    assert drawn.ticks[0].day == min(day for days in rows for day in days)


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw([]) is None
    assert draw([Row(name="x", bars=())]) is None
    one = draw([Row(name="x", bars=(Bar(start=DAY, end=DAY, state="seen"),))])
    assert one is not None
    assert (one.lines[0].bars[0].says, one.words) == ("seen, 2021-03-03", ("seen",))
