"""Findings within a bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.detections.rule_makers import record

from tocsin.detections.findings import finding_of
from tocsin.detections.keeping import MOST, Kept, order_of
from tocsin.model.findings import Finding
from tocsin.model.words import Means


def finding(second: int) -> Finding:
    one = record(second=second, line=second + 1)
    return finding_of(one, pack="p", rule="r", author="a", means=Means.CONTEXT, weak=False, summary="s")


def test_the_order_is_known_before_there_is_a_finding() -> None:
    for one in (record(second=3, line=7), record(second=None)):
        made = finding_of(one, pack="p", rule="r", author="", means=Means.CONTEXT, weak=False, summary="")
        assert order_of("r", one.locator, one.time) == made.order


@given(seconds=st.permutations(range(12)), most=st.integers(1, 13))
def test_the_earliest_are_kept_whatever_the_order_of_input(seconds: list[int], most: int) -> None:
    kept = Kept(most)
    for second in seconds:
        one = finding(second)
        kept.add(one.order, lambda one=one: one)
    assert [one.order for one in kept] == [finding(second).order for second in range(min(most, 12))]
    assert kept.folded == max(0, 12 - most)


def test_what_cannot_be_kept_is_not_made() -> None:
    kept = Kept(1)
    early, late = finding(1), finding(2)
    assert kept.add(early.order, lambda: early) is early
    made: list[Finding] = []
    assert kept.add(late.order, lambda: made.append(late) or late) is None
    assert made == []
    assert kept.folded == 1


def test_the_same_finding_is_kept_once_and_the_choice_does_not_depend_on_input() -> None:
    one = finding(1)
    other = replace(one, summary="a")
    for pair in ((one, other), (other, one)):
        kept = Kept()
        for each in pair:
            kept.add(each.order, lambda each=each: each)
        assert list(kept) == [other]
        assert kept.folded == 0


def test_the_bound() -> None:
    assert MOST == 5_000
