"""Survival curves: by hand, by property, and against lifelines."""

from __future__ import annotations

from math import inf, isclose

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.hub.rules.interval_censored import (
    Between,
    Fall,
    grouped,
    half_life,
    innermost,
    median,
    open_shares,
    turnbull,
)
from tocsin.hub.rules.survival import Duration, kaplan_meier, share_after
from tocsin.hub.rules.survival import half_life as plain_half_life

DURATIONS = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60)
INTERVALS = st.lists(
    st.tuples(st.integers(0, 20), st.one_of(st.integers(1, 8), st.none())), min_size=1, max_size=40
)


def made(pairs: list[tuple[int, bool]]) -> list[Duration]:
    return [Duration(days=float(days), fixed=fixed) for days, fixed in pairs]


def between(pairs: list[tuple[int, int | None]]) -> dict[Between, float]:
    return grouped(
        Between(left=float(left), right=inf if length is None else float(left + length))
        for left, length in pairs
    )


def test_by_hand() -> None:
    steps = kaplan_meier(made([(1, True), (2, False), (3, True), (4, True)]))
    assert [(step.days, step.at_risk, step.fixed) for step in steps] == [
        (0, 4, 0),
        (1, 4, 1),
        (2, 3, 0),
        (3, 2, 1),
        (4, 1, 1),
    ]
    assert [round(step.open_share, 9) for step in steps] == [1, 0.75, 0.75, 0.375, 0]
    assert plain_half_life(steps).days == 3
    assert share_after(steps, 2.5) == 0.75
    assert share_after((), 9) == 1.0


def test_nobody_fixed_has_no_half_life() -> None:
    assert plain_half_life(kaplan_meier(made([(5, False), (9, False)]))).days == inf


@given(DURATIONS)
def test_a_curve_never_rises_and_lies_in_its_interval(pairs: list[tuple[int, bool]]) -> None:
    steps = kaplan_meier(made(pairs))
    shares = [step.open_share for step in steps]
    assert shares == sorted(shares, reverse=True)
    assert all(
        0 <= step.low <= step.open_share + 1e-12 and step.open_share <= step.high + 1e-12 for step in steps
    )


@given(DURATIONS, st.integers(2, 5))
def test_weights_are_repetitions(pairs: list[tuple[int, bool]], times: int) -> None:
    heavy = [Duration(days=one.days, fixed=one.fixed, weight=times) for one in made(pairs)]
    for a, b in zip(kaplan_meier(heavy), kaplan_meier(made(pairs) * times), strict=True):
        assert isclose(a.open_share, b.open_share, abs_tol=1e-12)
        assert isclose(a.low, b.low, abs_tol=1e-9)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(DURATIONS.filter(lambda pairs: any(fixed for _, fixed in pairs)))
def test_the_curve_is_that_of_lifelines(pairs: list[tuple[int, bool]]) -> None:
    lifelines = pytest.importorskip("lifelines", reason="a dependency of development")
    theirs = lifelines.KaplanMeierFitter().fit([days for days, _ in pairs], [fixed for _, fixed in pairs])
    ours = kaplan_meier(made(pairs))
    assert np.allclose(
        [step.open_share for step in ours], theirs.survival_function_.iloc[:, 0], rtol=0, atol=1e-9
    )
    inside = [index for index, step in enumerate(ours) if 0 < step.open_share < 1]
    bounds = theirs.confidence_interval_.to_numpy()[inside]
    our_bounds = np.array([[ours[i].low, ours[i].high] for i in inside]).reshape(-1, 2)
    assert np.allclose(our_bounds, bounds.reshape(-1, 2), rtol=0, atol=1e-9)
    if all(abs(step.open_share - 0.5) > 1e-9 for step in ours):  # theirs is off by rounding at one half
        assert plain_half_life(ours).days == theirs.median_survival_time_


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(INTERVALS)
def test_the_interval_censored_curve_is_that_of_lifelines(pairs: list[tuple[int, int | None]]) -> None:
    npmle = pytest.importorskip("lifelines.fitters.npmle", reason="a dependency of development")
    counts = dict(sorted(between(pairs).items()))
    # Theirs are closed intervals: of whole days, (2, 5] is [3, 5].
    lefts, rights = [one.left + 1 for one in counts], [one.right for one in counts]
    cells = npmle.create_turnbull_intervals(lefts, rights)
    assert [(cell.left - 1, cell.right) for cell in cells] == innermost(counts)
    ours = np.array([fall.share for fall in turnbull(counts)])
    seen = npmle.create_turnbull_lookup(
        cells, [npmle.interval(*pair) for pair in zip(lefts, rights, strict=True)]
    )
    weights = np.array(list(counts.values()))
    # Their estimate crawls towards the maximum; ours must be where their own step stands still.
    lookup = [npmle.interval(*pair) for pair in zip(lefts, rights, strict=True)]
    again = npmle.E_step_M_step(lookup, ours, seen, weights, 0, optimize=False)
    assert np.allclose(again, ours, rtol=0, atol=1e-9)


@given(INTERVALS)
def test_the_estimate_is_the_maximum(pairs: list[tuple[int, int | None]]) -> None:
    counts = between(pairs)
    falls = turnbull(counts)
    assert isclose(sum(fall.share for fall in falls), 1.0, abs_tol=1e-9)
    for cell in falls:  # Kuhn-Tucker: no cell would gain from more mass
        gain = sum(
            weight / sum(fall.share for fall in falls if one.left <= fall.left and fall.right <= one.right)
            for one, weight in counts.items()
            if one.left <= cell.left and cell.right <= one.right
        )
        assert gain <= sum(counts.values()) * (1 + 1e-6)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_daily_scans_give_kaplan_meier(days: list[int]) -> None:
    falls = turnbull(grouped(Between(left=float(day - 1), right=float(day)) for day in days))
    steps = kaplan_meier([Duration(days=float(day), fixed=True) for day in days])
    for (low, high), step in zip(open_shares(falls, [step.days for step in steps]), steps, strict=True):
        assert isclose(low, high, abs_tol=1e-9)
        assert isclose(low, step.open_share, abs_tol=1e-9)


def test_the_median_lies_inside_the_stretch() -> None:
    assert median((Fall(left=0, right=10, share=1.0),)) == 5
    assert median((Fall(left=0, right=2, share=0.4), Fall(left=2, right=inf, share=0.6))) == inf
    assert turnbull({}) == ()
    assert half_life({}).days == inf


def test_equal_data_give_an_equal_interval() -> None:
    counts = {Between(left=float(day), right=float(day + 3)): 10.0 for day in range(20)}
    first, second = half_life(counts, draws=12), half_life(dict(reversed(counts.items())), draws=12)
    assert first == second
    assert first.low < first.days < first.high
