"""Counts by day, from events in the order in which the hub learned them."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.curve import Break, Look, Looked, breaks, levels, points
from tocsin.hub.rules.daily import (
    Change,
    Episode,
    Key,
    Place,
    State,
    deltas,
    difference,
    episodes,
    history,
    time_open,
)
from tocsin.hub.rules.interval_censored import Between
from tocsin.hub.rules.words import Compromise, Exposure

PLACES = st.builds(Place, sector=st.sampled_from(["health", "energy"]), region=st.sampled_from(["", "North"]))
CHANGES = st.lists(
    st.builds(
        Change,
        day=st.integers(1, 12),
        exposure=st.sampled_from([None, *(state.value for state in Exposure)]),
        compromise=st.sampled_from([None, *(state.value for state in Compromise)]),
        place=st.one_of(st.none(), PLACES),
    ),
    max_size=12,
)


def slow_state(changes: list[Change], day: int) -> tuple[str | None, str | None]:
    """What was known of a day, by definition: the last word on it that none overruled."""
    exposure = compromise = None
    for axis in ("exposure", "compromise"):
        spoken = [one for one in changes if getattr(one, axis) is not None]
        # A word that was learned later takes back all that was said of its day and later.
        kept = [
            one
            for index, one in enumerate(spoken)
            if all(later.day > one.day for later in spoken[index + 1 :])
        ]
        said = [getattr(one, axis) for one in kept if one.day <= day]
        if axis == "exposure":
            exposure = said[-1] if said else None
        else:
            compromise = said[-1] if said else None
    return exposure, compromise


@given(CHANGES)
def test_history_is_what_was_last_said_of_each_day(changes: list[Change]) -> None:
    states = history(changes)
    for day in range(14):
        held = [state for state in states if state.day <= day]
        exposure, compromise = slow_state(changes, day)
        if held:
            assert held[-1].exposure == (exposure or "unknown")
            assert held[-1].compromise == (compromise or "unknown")
        else:
            assert (exposure, compromise) == (None, None)


@given(CHANGES)
def test_counts_of_one_server_are_one_or_none_on_every_day(changes: list[Change]) -> None:
    for day in range(14):
        level: Counter[tuple[str, str]] = Counter()
        for key, number in deltas(history(changes)).items():
            if key.day <= day:
                level[(key.dimension, key.value)] += number
        assert all(number in {0, 1} for number in level.values())


@given(CHANGES, st.integers(0, 12))
def test_differences_add_up_wherever_the_events_are_cut(changes: list[Change], cut: int) -> None:
    total = difference((), changes[:cut])
    total.update(difference(changes[:cut], changes))
    assert {key: n for key, n in total.items() if n} == dict(deltas(history(changes)))


def test_what_is_learned_later_corrects_the_days_from_its_own() -> None:
    late = [Change(5, "vulnerable"), Change(10, "patched"), Change(8, "patched")]
    assert [(state.day, state.exposure) for state in history(late)] == [(5, "vulnerable"), (8, "patched")]


def test_a_server_that_moves_leaves_one_sector_for_another() -> None:
    changes = [Change(1, "vulnerable", place=Place("health")), Change(4, place=Place("energy"))]
    assert deltas(history(changes))[Key(4, "sector", "health", "vulnerable", "unknown")] == -1
    assert deltas(history(changes))[Key(4, "sector", "energy", "vulnerable", "unknown")] == 1
    assert Key(4, "all", "", "vulnerable", "unknown") not in deltas(history(changes))


def between(changes: list[Change], until: int) -> list[Between | None]:
    return [time_open(episode, until) for episode in episodes(changes)]


def test_times_open() -> None:
    known = [Change(10, "vulnerable"), Change(14, "unknown"), Change(20, "patched")]
    assert list(episodes(known)) == [Episode(10, 13, 20)]
    assert between(known, 30) == [Between(left=3, right=10)]
    assert between(known, 18) == [Between(left=3, right=inf)]
    assert between(known, 9) == [None]
    told = [Change(10, "vulnerable"), Change(20, "patched", last_open=17), Change(25, "vulnerable")]
    assert between(told, 30) == [Between(left=7, right=10), Between(left=5, right=inf)]
    gone = [Change(10, "vulnerable"), Change(15, "retired")]
    assert between(gone, 30) == [Between(left=4, right=inf)]
    silent = [Change(10, "vulnerable"), Change(15, "unreachable")]
    assert between(silent, 30) == [Between(left=4, right=inf)]
    assert between([Change(3, "patched")], 30) == []


@given(CHANGES)
def test_a_fix_never_comes_before_it_can(changes: list[Change]) -> None:
    for one in between(changes, 20):
        assert one is None or 0 <= one.left < one.right


def test_levels_and_band() -> None:
    first, second, third = (date(2021, 3, day) for day in (1, 2, 3))
    changes = {(first, "vulnerable"): 10, (third, "vulnerable"): -4, (third, "patched"): 4}
    counts = levels(changes, [first, second, third])
    assert counts == {
        first: {"vulnerable": 10},
        second: {"vulnerable": 10},
        third: {"vulnerable": 6, "patched": 4},
    }
    looked = {first: Looked(10, 10), third: Looked(10, 5)}
    band = [(point.servers, point.sure) for point in points(counts, looked, ["vulnerable"])]
    assert band == [(10, 10), (10, 10), (6, 3)]
    late = first + timedelta(days=7)
    assert [
        point.sure for point in points({late: {"vulnerable": 4}}, {first: Looked(9, 9)}, ["vulnerable"])
    ] == [0]


def test_a_change_of_method_breaks_the_curve_unless_declared() -> None:
    days = [date(2021, 3, day) for day in (1, 2, 3)]
    looks = [Look(days[2], "scan", "v3"), Look(days[0], "scan", "v1"), Look(days[1], "scan", "v2")]
    assert [(one.before, one.after) for one in breaks(looks)] == [("v1", "v2"), ("v2", "v3")]
    assert list(breaks(looks, [("scan", "v1", "v2")])) == [Break(days[2], "scan", "v2", "v3")]


def test_states_that_do_not_change_are_not_repeated() -> None:
    again = [Change(1, "vulnerable"), Change(2, "vulnerable")]
    assert history(again) == (State(1, "vulnerable", "unknown", Place()),)
