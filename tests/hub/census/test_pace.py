"""An importer writes what fits the time for which others may wait, and pauses as long as it held them up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.census.pace import HELD, LEAST, LONGEST, MOST, SHORTEST, Pace


@given(st.lists(st.floats(0, 10), max_size=30))
def test_always_between_the_least_and_the_most(held: list[float]) -> None:
    slept: list[float] = []
    pace = Pace(sleep=slept.append)
    for seconds in held:
        before = pace.rows
        pace.took(seconds)
        assert LEAST <= pace.rows <= MOST
        assert before // 2 <= pace.rows <= before * 2
        pace.pause()
    assert all(SHORTEST <= one <= LONGEST for one in slept)
    assert len(slept) == len(held)


@pytest.mark.parametrize("row_seconds", [0.00001, 0.0001, 0.0003, 0.002])
def test_it_settles_where_a_transaction_takes_what_it_may(row_seconds: float) -> None:
    pace = Pace()
    for _ in range(12):
        pace.took(pace.rows * row_seconds)
    if pace.rows not in {LEAST, MOST}:
        assert pace.rows * row_seconds == pytest.approx(HELD, rel=0.1)
    assert (pace.rows == MOST) == (MOST * row_seconds <= HELD * 1.01)


@pytest.mark.django_db
def test_the_lock_is_measured_and_not_the_waiting_for_it() -> None:
    ticks = iter([1.0, 1.0 + HELD * 2])
    slept: list[float] = []
    pace = Pace(clock=lambda: next(ticks), sleep=slept.append)
    with pace.writing():
        pass
    pace.pause()
    assert pace.rows == MOST // 2
    assert slept == [pytest.approx(min(HELD * 2, LONGEST))]
