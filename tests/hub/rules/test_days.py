"""Sets of days: what goes in comes out, and union is all there is to it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules import days

dates = st.lists(st.dates(date(2000, 1, 1), date(2149, 12, 31)), max_size=30)


@given(dates)
def test_packed_and_back(some: list[date]) -> None:
    packed = days.bits(some)
    assert days.unpack(days.pack(packed)) == packed
    assert days.dates(packed) == sorted(set(some))
    assert [one for first, last in days.spans(packed) for one in _all(first, last)] == sorted(set(some))


def _all(first: date, last: date) -> list[date]:
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


@given(dates, dates)
def test_union_and_its_bytes(some: list[date], more: list[date]) -> None:
    union = days.bits(some) | days.bits(more)
    assert union == days.bits([*more, *some])
    assert days.pack(union) == days.pack(days.bits({*some, *more}))


@given(st.sets(st.integers(0, 60)), st.integers(0, 9), st.integers(0, 70))
def test_widen_and_last(some: set[int], later: int, until: int) -> None:
    packed = sum(1 << day for day in some)
    assert set(days.each(days.widen(packed, later))) == {
        day + more for day in some for more in range(later + 1)
    }
    assert days.last(packed, until=until) == max((day for day in some if day <= until), default=None)
    assert days.first(packed) == min(some, default=None)


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2150, 1, 1)])
def test_days_outside(day: date) -> None:
    with pytest.raises(ValueError, match="no day of a census"):
        days.number(day)


def test_a_year_is_small() -> None:
    assert len(days.pack(days.bits(date(2021, 1, 1) + timedelta(days=at) for at in range(365)))) <= 49
