"""The fold of compromises: what raises, what is claimed, and who alone may say clean."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.rules import histories

from tocsin.hub.rules.compromise import RISING, State, fold
from tocsin.hub.rules.decisions import CleanEvidence, Kind, Told, objections
from tocsin.hub.rules.words import Compromise, Grade

DAY = 86_400
stories = st.tuples(histories.day_sets(40), st.lists(histories.told(40), max_size=8))


def told(kind: Kind, day: int, *, hour: int = 12, **rest: object) -> Told:
    values: dict[str, object] = {"grade": Grade.SELF_REPORTED, **rest}
    return Told(kind=kind, day=day, moment=day * DAY + hour * 3600, **values)  # type: ignore[arg-type]  # varied


def assessed(
    day: int, level: Compromise | None = None, *, clean: bool = False, present: bool = False
) -> Told:
    return told(Kind.ASSESSMENT, day, compromise=level, clean=clean, present=present, grade=Grade.RE_ASSESSED)


def after(shells: tuple[int, ...], *decisions: Told) -> State:
    return fold(sum(1 << day for day in shells), decisions)


@given(stories, st.randoms())
def test_order_changes_nothing(story: tuple[int, list[Told]], dice: random.Random) -> None:
    shells, decisions = story
    assert fold(shells, decisions) == fold(shells, dice.sample(decisions, len(decisions)))


@given(stories)
def test_only_later_re_assessed_evidence_says_clean(story: tuple[int, list[Told]]) -> None:
    shells, decisions = story
    state = fold(shells, decisions)
    if state.compromise is not Compromise.VERIFIED_CLEAN:
        return
    clean = [
        one for one in decisions if one.clean and one.grade is Grade.RE_ASSESSED and one.day == state.since
    ]
    assert clean
    assert state.shell_seen is None or max(one.day for one in clean) > state.shell_seen


@given(stories, st.integers(0, 8))
def test_more_evidence_never_shows_less(story: tuple[int, list[Told]], some: int) -> None:
    shells, decisions = story
    less, more = fold(shells, decisions[:some]), fold(shells, decisions)
    assert RISING.index(more.worst) >= RISING.index(less.worst)
    assert more.worst is Compromise.UNKNOWN or shells or any(one.kind is Kind.ASSESSMENT for one in decisions)


def test_a_scan_suspects_and_never_confirms() -> None:
    assert after((1, 2, 3)).compromise is Compromise.SUSPECTED
    assert after((1,)).compromise is Compromise.SUSPECTED


def test_clean_after_removal_only() -> None:
    confirmed, removed = assessed(1, Compromise.CONFIRMED, present=True), told(Kind.REMOVED, 3)
    clean = assessed(5, Compromise.CONFIRMED, clean=True)
    assert after((1,), confirmed, clean).compromise is Compromise.CONFIRMED
    assert after((1,), confirmed, removed).compromise is Compromise.REMOVED
    state = after((1,), confirmed, removed, clean)
    assert (state.compromise, state.worst) == (Compromise.VERIFIED_CLEAN, Compromise.CONFIRMED)
    before = assessed(2, Compromise.CONFIRMED, clean=True)
    assert after((1,), confirmed, removed, before).compromise is Compromise.REMOVED


def test_seen_again_is_there_again() -> None:
    story = (assessed(1, Compromise.CONFIRMED, present=True), told(Kind.REMOVED, 3), assessed(5, clean=True))
    assert after((1, 9), *story).compromise is Compromise.CONFIRMED
    assert after((1, 5), *story).compromise is Compromise.CONFIRMED


@pytest.mark.parametrize("kind", [Kind.CONTAINED, Kind.REMOVED])
def test_nothing_to_remove_where_nothing_was_seen(kind: Kind) -> None:
    assert after((), told(kind, 1)).compromise is Compromise.UNKNOWN


def test_a_removal_claimed_on_the_day_of_the_scan_is_heard() -> None:
    assert after((3,), told(Kind.REMOVED, 3)).compromise is Compromise.REMOVED


def test_every_condition_counts() -> None:
    whole = {
        "grade": Grade.RE_ASSESSED,
        "window_covered": True,
        "residual_none": True,
        "shells_gone": True,
        "analyst": "A. Nalyst",
    }
    assert objections(CleanEvidence(**whole)) == []  # type: ignore[arg-type]  # varied below
    for name, wrong in (
        ("grade", Grade.EVIDENCE_HELD),
        ("window_covered", False),
        ("residual_none", False),
        ("shells_gone", False),
        ("conditions_met", False),
        ("analyst", " "),
    ):
        assert len(objections(CleanEvidence(**{**whole, name: wrong}))) == 1  # type: ignore[arg-type]  # varied
