"""The order by lot: who may wait, how long, and whether the effect that it measures is the true one."""

from __future__ import annotations

from datetime import timedelta
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.interval_censored import Between
from tocsin.hub.rules.notices import INSISTENT, Kind
from tocsin.hub.rules.trial import (
    HARM,
    LEAST,
    MOST,
    Tally,
    Unit,
    assigned,
    digest,
    effects,
    eligible,
    refuse,
    stop,
)

units = st.lists(
    st.builds(
        Unit,
        notice=st.integers(1, 10_000),
        kind=st.sampled_from(list(Kind)),
        urgency=st.integers(0, 3),
        suspected=st.booleans(),
        directed=st.booleans(),
    ),
    unique_by=lambda unit: unit.notice,
    max_size=80,
)


@given(units, st.text(max_size=8), st.integers(1, 50))
def test_nobody_waits_who_must_not_and_nobody_longer_than_a_day(
    known: list[Unit], seed: str, per_hour: int
) -> None:
    places = assigned(known, seed=seed, per_hour=per_hour)
    by_notice = {unit.notice: unit for unit in known}
    assert sorted(place.notice for place in places) == sorted(by_notice)
    for place in places:
        unit = by_notice[place.notice]
        assert timedelta() <= place.wait <= MOST
        if unit.kind in INSISTENT or unit.suspected or unit.directed:
            assert (place.wait, place.arm) == (timedelta(), None)
        else:
            assert place.arm in {0, 1}


@given(units, st.text(max_size=8), st.integers(1, 50))
def test_only_the_equally_urgent_change_places(known: list[Unit], seed: str, per_hour: int) -> None:
    by_notice = {unit.notice: unit for unit in known}
    places = [
        by_notice[one.notice].urgency
        for one in assigned(known, seed=seed, per_hour=per_hour)
        if one.arm is not None
    ]
    assert places == sorted(places)


@given(units, st.text(max_size=8), st.integers(1, 50), st.randoms())
def test_the_same_seed_gives_the_same_order(
    known: list[Unit], seed: str, per_hour: int, chance: object
) -> None:
    shuffled = list(known)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert digest(assigned(known, seed=seed, per_hour=per_hour)) == digest(
        assigned(shuffled, seed=seed, per_hour=per_hour)
    )


@given(units, st.integers(0, 60))
def test_capacity_must_make_somebody_wait(known: list[Unit], per_hour: int) -> None:
    number = sum(map(eligible, known))
    assert (refuse(known, per_hour) is None) == (per_hour >= 1 and number > per_hour and number >= LEAST)


def times(chance: np.random.Generator, number: int, mean: float) -> list[Between]:
    """Fixes at random, seen by a look a day, for sixty days."""
    found = []
    for at in chance.exponential(mean, number):
        day = float(np.floor(at))
        found.append(Between(left=day, right=day + 1) if day < 60 else Between(left=60.0, right=inf))
    return found


def test_the_effect_is_found_and_none_where_there_is_none() -> None:
    chance = np.random.Generator(np.random.PCG64(7))
    early, late, same = times(chance, 400, 8), times(chance, 400, 16), times(chance, 400, 8)
    [found], [none] = effects(early, late, [7]), effects(early, same, [7])
    true = (1 - np.exp(-7 / 8)) - (1 - np.exp(-7 / 16))
    assert found.low <= true <= found.high
    assert found.low > 0
    assert found.sooner > 0
    assert found.fixes == pytest.approx(found.difference * 400)
    assert none.low <= 0 <= none.high
    assert effects(early, late, [7]) == [found]
    assert [one.days for one in effects(early, late, [1, 7, 30])] == [1, 7, 30]


def test_too_few_show_nothing() -> None:
    few = [Between(left=0.0, right=1.0)] * (LEAST // 2 - 1)
    assert effects(few, few, [1]) == []


@pytest.mark.parametrize(
    ("tally", "stops"),
    [
        (Tally(told=5, waiting=5, harmed_told=0, harmed_waiting=0, since=timedelta(hours=1)), False),
        (Tally(told=5, waiting=5, harmed_told=1, harmed_waiting=HARM, since=timedelta(hours=1)), False),
        (Tally(told=5, waiting=5, harmed_told=0, harmed_waiting=HARM, since=timedelta(hours=1)), True),
        (Tally(told=10, waiting=0, harmed_told=0, harmed_waiting=0, since=timedelta(hours=1)), True),
        (Tally(told=5, waiting=5, harmed_told=0, harmed_waiting=0, since=MOST), True),
    ],
)
def test_when_it_stops(tally: Tally, stops: bool) -> None:
    assert bool(stop(tally)) is stops
