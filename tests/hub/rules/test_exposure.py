"""The fold of exposures: equal to the plain reference in any order; and the cases that it exists for."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub.rules import histories, reference

from tocsin.hub.rules.decisions import Kind, Told
from tocsin.hub.rules.exposure import CLOSED, MISSING, OPEN, UNLISTED, History, Looks, Seen, State, fold
from tocsin.hub.rules.words import Exposure, Grade

V, P, U = Exposure.VULNERABLE, Exposure.PATCHED, Exposure.UNKNOWN
LATE = 400


def on(*days: int) -> int:
    return sum(1 << day for day in days)


def span(first: int, last: int) -> int:
    return sum(1 << day for day in range(first, last + 1))


def saw(
    days: int, exposure: Exposure = V, *, source: int = 1, method: str = "m", place: object = None
) -> Seen:
    return Seen(source=source, days=days, exposure=exposure, method=method, place=place)


def looked(days: int, *, source: int = 1, method: str = "m", lists_all: bool = True, **rest: object) -> Looks:
    return Looks(source=source, days=days, method=method, lists_all=lists_all, **rest)  # type: ignore[arg-type]


def after(*parts: Seen | Looks | Told, today: int = LATE) -> State:
    state = fold(
        History(
            seen=tuple(one for one in parts if isinstance(one, Seen)),
            looks=tuple(one for one in parts if isinstance(one, Looks)),
            told=tuple(one for one in parts if isinstance(one, Told)),
        ),
        today=today,
    )
    assert state is not None
    return state


def decided(
    kind: Kind,
    day: int,
    *,
    grade: Grade = Grade.SELF_REPORTED,
    until: int | None = None,
    exposure: Exposure | None = None,
) -> Told:
    return Told(kind=kind, day=day, moment=day * 86_400, grade=grade, until=until, exposure=exposure)


@settings(max_examples=200)
@given(histories.histories(), st.integers(0, 70))
def test_equal_to_the_reference(history: History, today: int) -> None:
    state = fold(history, today=today)
    expected = reference.answer(history, today)
    if state is None or expected is None:
        assert state is expected is None
        return
    got = {name: getattr(state, name) for name in ("since", "opened", "closed", "reopened", "contradictory")}
    assert {"state": state.exposure, **got} == expected


@settings(max_examples=30)
@given(histories.histories(histories.LONG, decisions=2))
def test_equal_to_the_reference_over_months(history: History) -> None:
    state = fold(history, today=200)
    expected = reference.answer(history, 200)
    assert (state and (state.exposure, state.since, state.opened, state.closed, state.reopened)) == (
        expected and tuple(expected[name] for name in ("state", "since", "opened", "closed", "reopened"))
    )


@given(histories.histories(), st.randoms())
def test_order_and_repeats_change_nothing(history: History, dice: random.Random) -> None:
    parts = {name: list(getattr(history, name)) for name in ("seen", "looks", "told")}
    for group in parts.values():
        group.extend(group[: len(group) // 2])
        dice.shuffle(group)
    shuffled = msgspec.structs.replace(
        history,
        seen=tuple(parts["seen"]),
        looks=tuple(parts["looks"]),
        told=tuple(dict.fromkeys(parts["told"])),
    )
    one, other = fold(history, today=60), fold(shuffled, today=60)
    assert (one is None) == (other is None)
    if one and other:
        assert msgspec.structs.replace(one, grade=Grade.OBSERVED, reason="") == msgspec.structs.replace(
            other, grade=Grade.OBSERVED, reason=""
        )


@given(histories.histories(decisions=0))
def test_only_a_fixed_build_closes(history: History) -> None:
    """Whatever was looked for and not found: without a closing sighting nothing is closed."""
    open_only = tuple(one for one in history.seen if one.exposure not in CLOSED)
    state = fold(msgspec.structs.replace(history, seen=open_only), today=60)
    assert state is None or (state.exposure in OPEN and state.closed is None)


@given(histories.histories())
def test_no_scan_verifies_a_patch(history: History) -> None:
    told = tuple(one for one in history.told if one.grade is not Grade.RE_ASSESSED)
    state = fold(msgspec.structs.replace(history, told=told), today=60)
    assert state is None or state.exposure is not Exposure.PATCH_VERIFIED


# --- the cases that cost others false closures ------------------------------------------------------------


def test_partial_scope_closes_nothing() -> None:
    """Three looks elsewhere: nothing is known of this place."""
    state = after(saw(on(1), place="here"), looked(span(2, 9), place="there"))
    assert (state.exposure, state.since) == (V, 1)


def test_one_miss_is_the_scans_two_are_the_servers() -> None:
    assert after(saw(on(1)), looked(span(1, 2))).exposure is V
    state = after(saw(on(1)), looked(span(1, 3)))
    assert (state.exposure, state.since, state.closed, state.reason) == (
        Exposure.UNREACHABLE,
        3,
        None,
        MISSING,
    )


def test_a_list_of_open_servers_that_drops_one_leaves_it_unknown() -> None:
    state = after(saw(on(1)), looked(span(1, 5), lists_all=False))
    assert (state.exposure, state.closed, state.reason) == (U, None, UNLISTED)


def test_a_changed_check_misses_nobody() -> None:
    assert after(saw(on(1)), looked(span(2, 30), method="new")).exposure is V


def test_a_declared_successor_does() -> None:
    state = after(saw(on(1)), looked(span(2, 30), method="new", continues=frozenset({"m"})))
    assert state.exposure is Exposure.UNREACHABLE


def test_seen_by_anybody_is_not_absent() -> None:
    assert after(saw(span(1, 9)), saw(on(1), source=2), looked(span(1, 9), source=2)).exposure is V


def test_back_after_absence_as_it_was() -> None:
    state = after(saw(on(1, 9), U), saw(on(1), V, source=2), looked(on(2, 3, 4)))
    assert (state.exposure, state.opened, state.since) == (V, 1, 9)


def test_rows_of_a_window_are_not_missed_within_it() -> None:
    assert after(saw(on(1)), looked(span(2, 8), window=7)).exposure is V
    assert after(saw(on(1)), looked(span(2, 10), window=7)).exposure is Exposure.UNREACHABLE


@pytest.mark.parametrize(("days", "opened", "reopened"), [(89, 1, 1), (90, 1, 1), (91, 96, 0)])
def test_reopening(days: int, opened: int, reopened: int) -> None:
    state = after(saw(on(1)), saw(on(5), P), saw(on(5 + days)))
    assert (state.exposure, state.opened, state.reopened, state.closed) == (V, opened, reopened, None)


def test_reopening_counts_from_closing_and_not_from_the_last_sighting() -> None:
    state = after(saw(on(1)), saw(span(5, 100), P), saw(on(101)))
    assert (state.opened, state.reopened) == (101, 0)


def test_a_false_positive_ends() -> None:
    parts = (saw(span(1, 50)), decided(Kind.FALSE_POSITIVE, 10, until=20))
    assert after(*parts, today=20).exposure is Exposure.FALSE_POSITIVE
    state = after(*parts, today=21)
    assert (state.exposure, state.opened, state.reopened, state.false_positive_until) == (V, 1, 0, None)


def test_patched_under_a_false_positive_stays_patched() -> None:
    state = after(saw(on(1)), saw(on(15), P), decided(Kind.FALSE_POSITIVE, 10, until=20))
    assert (state.exposure, state.closed) == (P, 15)


def test_worst_of_a_day_and_contradiction() -> None:
    state = after(saw(on(1)), saw(on(5), P), saw(on(5), source=2))
    assert (state.exposure, state.contradictory, state.closed) == (V, True, None)


def test_a_dispute_is_not_settled_by_the_milder_source_alone() -> None:
    dispute = (saw(on(1), V), saw(on(2, 4), P, source=2), saw(on(3)))
    assert after(*dispute).exposure is V
    assert after(*dispute, saw(on(6), P)).exposure is P
    assert after(*dispute, saw(on(18), P, source=2)).exposure is P


def test_a_version_does_not_refute_a_mitigation_a_check_does() -> None:
    mitigated = decided(Kind.ASSESSMENT, 2, exposure=Exposure.MITIGATED)
    assert after(saw(span(1, 9)), mitigated).exposure is Exposure.MITIGATED
    checked = Seen(source=1, days=on(5), exposure=V, checked=True)
    assert after(saw(span(1, 9)), mitigated, checked).exposure is V


def test_retired_and_seen_again() -> None:
    state = after(saw(span(1, 9)), decided(Kind.RETIRED, 5))
    assert (state.exposure, state.reopened) == (V, 1)
    assert after(saw(span(1, 5)), decided(Kind.RETIRED, 5)).exposure is Exposure.RETIRED


def test_an_owners_word_patches_nothing() -> None:
    assert after(saw(on(1)), decided(Kind.ATTESTED, 3, exposure=P)).exposure is V
