"""A case through its facts: any order of arrival, and no way to verified-removed but by later evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.cases import (
    CLOSED,
    CaseFact,
    CaseKind,
    CaseState,
    FactKind,
    day_of_census,
    fold,
)
from tocsin.hub.rules.cases_closing import ClosingEvidence, conditions, objections
from tocsin.hub.rules.words import Grade
from tocsin.model.verification import Removal

START = datetime(2021, 3, 2, tzinfo=UTC)
SEEN, CLAIMED, VERIFIED = FactKind.SEEN, FactKind.CLAIMED, FactKind.VERIFIED


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def fact(kind: FactKind, hours: float, **rest: object) -> CaseFact:
    return CaseFact(kind=kind, at=at(hours), **rest)  # type: ignore[arg-type]  # varied


def shown(hours: float, **rest: object) -> CaseFact:
    """Evidence that closes, unless something is changed."""
    sound: dict[str, object] = {"grade": Grade.RE_ASSESSED, "gone": True, "analyst": "A. Analyst"}
    return fact(VERIFIED, hours, **{**sound, **rest})


facts = st.builds(
    CaseFact,
    kind=st.sampled_from(sorted(set(FactKind) - {FactKind.MERGED})),
    at=st.integers(0, 12).map(at),
    until=st.none() | st.integers(0, 14).map(at),
    grade=st.sampled_from(Grade),
    gone=st.booleans(),
    analyst=st.sampled_from(["", " ", "A. Analyst"]),
)
histories = st.lists(facts, max_size=12).map(
    lambda many: [
        CaseFact(
            kind=one.kind,
            at=one.at,
            until=one.until,
            grade=one.grade,
            gone=one.gone,
            analyst=one.analyst,
            number=number,
        )
        for number, one in enumerate(many)
    ]
)


@given(histories, st.randoms())
def test_any_order_of_arrival_gives_one_answer(history: list[CaseFact], shuffle: object) -> None:
    mixed = list(history)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    assert fold(mixed) == fold(history)


@given(histories)
def test_removal_is_verified_by_later_re_assessed_evidence_alone(history: list[CaseFact]) -> None:
    done = fold(history)
    if done.state is not CaseState.VERIFIED_REMOVED:
        return
    closing = next(one for one in history if one.number == done.closing)
    assert closing.kind is VERIFIED
    assert closing.grade is Grade.RE_ASSESSED
    assert closing.gone
    assert closing.analyst.strip()
    claims = [one.at for one in history if one.kind is CLAIMED and one.at < closing.at]
    assert claims
    assert done.claimed in claims
    sightings = [max(one.at, one.until or one.at) for one in history if one.kind is SEEN]
    assert all(moment < closing.at for moment in sightings)


@given(histories)
def test_what_is_seen_after_closing_opens_it_again(history: list[CaseFact]) -> None:
    closed = fold(history)
    again = fold([*history, fact(SEEN, 200, number=99)])
    assert again.state not in CLOSED
    if closed.state in CLOSED:
        assert again.state is CaseState.REAPPEARED
        assert again.reopened == closed.reopened + 1


@given(histories)
def test_the_path_ends_in_the_state_and_never_stands_still(history: list[CaseFact]) -> None:
    done = fold(history)
    states = [state for _, state in done.path]
    assert all(one is not other for one, other in pairwise(states))
    assert not states or states[-1] is done.state
    assert [moment for moment, _ in done.path] == sorted(moment for moment, _ in done.path)


@given(histories)
def test_who_accepts_a_risk_signs(history: list[CaseFact]) -> None:
    done = fold(history)
    if done.state is CaseState.ACCEPTED_RISK:
        assert next(one for one in history if one.number == done.closing).analyst.strip()


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], CaseState.FOUND),
        ([fact(SEEN, 0)], CaseState.FOUND),
        ([fact(SEEN, 0), fact(FactKind.NOTIFIED, 1)], CaseState.OWNER_NOTIFIED),
        ([fact(SEEN, 0), fact(FactKind.ACKNOWLEDGED, 1), fact(FactKind.NOTIFIED, 2)], CaseState.ACKNOWLEDGED),
        ([fact(SEEN, 0), fact(SEEN, 9), fact(FactKind.ACKNOWLEDGED, 1)], CaseState.ACKNOWLEDGED),
        ([fact(SEEN, 0), fact(CLAIMED, 1)], CaseState.REMOVAL_CLAIMED),
        ([fact(SEEN, 0), fact(CLAIMED, 1), fact(SEEN, 2)], CaseState.REAPPEARED),
        ([fact(SEEN, 0), fact(CLAIMED, 1), shown(2)], CaseState.VERIFIED_REMOVED),
        ([fact(SEEN, 0), fact(CLAIMED, 1), shown(1)], CaseState.REMOVAL_CLAIMED),
        ([fact(SEEN, 0), shown(2)], CaseState.FOUND),
        ([fact(SEEN, 0), shown(1), fact(CLAIMED, 2)], CaseState.REMOVAL_CLAIMED),
        ([fact(SEEN, 0), fact(CLAIMED, 1), shown(2), fact(SEEN, 3)], CaseState.REAPPEARED),
        (
            [fact(SEEN, 0), fact(CLAIMED, 1), shown(2, grade=Grade.EVIDENCE_HELD)],
            CaseState.REMOVAL_CLAIMED,
        ),
        ([fact(SEEN, 0), fact(CLAIMED, 1), shown(2, gone=False)], CaseState.REMOVAL_CLAIMED),
        ([fact(SEEN, 0), fact(CLAIMED, 1), shown(2, analyst=" ")], CaseState.REMOVAL_CLAIMED),
        ([fact(SEEN, 0, until=at(24)), fact(CLAIMED, 1), shown(20)], CaseState.REMOVAL_CLAIMED),
        ([fact(SEEN, 0, until=at(24)), fact(CLAIMED, 1), shown(25)], CaseState.VERIFIED_REMOVED),
        ([fact(SEEN, 0), fact(FactKind.RISK_ACCEPTED, 1, analyst="A")], CaseState.ACCEPTED_RISK),
        ([fact(SEEN, 0), fact(FactKind.RISK_ACCEPTED, 1)], CaseState.FOUND),
        ([fact(SEEN, 0), fact(FactKind.MERGED, 1), fact(SEEN, 2)], CaseState.MERGED),
    ],
)
def test_steps(history: list[CaseFact], state: CaseState) -> None:
    assert fold(history).state is state


def test_a_census_may_have_seen_it_at_any_moment_of_its_day() -> None:
    assert day_of_census(at(13)) == (START, START + timedelta(hours=24, microseconds=-1))


SOUND = ClosingEvidence(
    grade=Grade.RE_ASSESSED,
    accepted=True,
    same_server=True,
    collected=at(10),
    nonce=at(10),
    answer=Removal.ABSENT,
    residual_none=True,
    window_covered=True,
)
CLAIM = fold([fact(SEEN, 0), fact(CLAIMED, 1)])


def changed(**rest: object) -> ClosingEvidence:
    fields = {name: getattr(SOUND, name) for name in SOUND.__struct_fields__}
    return ClosingEvidence(**{**fields, **rest})  # type: ignore[arg-type]  # varied


@pytest.mark.parametrize("kind", CaseKind)
def test_sound_evidence_meets_every_condition(kind: CaseKind) -> None:
    assert objections(conditions(kind, CLAIM, SOUND, analyst="A")) == []


@pytest.mark.parametrize(
    ("evidence", "kind", "says"),
    [
        (None, CaseKind.WEBSHELL, "no evidence was handed in"),
        (changed(grade=Grade.SELF_REPORTED), CaseKind.WEBSHELL, "this is self-reported"),
        (changed(grade=Grade.EVIDENCE_HELD), CaseKind.WEBSHELL, "this is evidence-held"),
        (changed(accepted=False), CaseKind.WEBSHELL, "this hand-in is not accepted"),
        (changed(same_server=False), CaseKind.WEBSHELL, "it is of another"),
        (changed(collected=None), CaseKind.WEBSHELL, "when it was collected is not known"),
        (changed(collected=at(1)), CaseKind.WEBSHELL, "not after 2021-03-02 01:00"),
        (changed(nonce=None), CaseKind.WEBSHELL, "given after the claim: there is none"),
        (changed(nonce=at(0)), CaseKind.WEBSHELL, "its nonce is of 2021-03-02 00:00, the claim of"),
        (changed(newer="hand-in 7 says that it is there"), CaseKind.WEBSHELL, "hand-in 7 says"),
        (changed(answer=Removal.NOT_SERVED), CaseKind.WEBSHELL, "not served any more, which is not removed"),
        (changed(answer=Removal.PRESENT), CaseKind.WEBSHELL, "it is still there"),
        (changed(answer=Removal.CHANGED), CaseKind.WEBSHELL, "something else stands in its place"),
        (changed(answer=Removal.REAPPEARED), CaseKind.WEBSHELL, "it is there again"),
        (changed(answer=Removal.CANNOT_TELL), CaseKind.WEBSHELL, "the evidence cannot tell"),
        (changed(answer=None), CaseKind.WEBSHELL, "does not say what became of it"),
        (changed(residual_none=False), CaseKind.COMPROMISE, "something is still there"),
        (changed(window_covered=False), CaseKind.COMPROMISE, "they do not, or nobody can tell"),
        (changed(conditions_met=False), CaseKind.COMPROMISE, "it was not, or there was bad news"),
    ],
)
def test_what_is_missing_is_said(evidence: ClosingEvidence | None, kind: CaseKind, says: str) -> None:
    assert any(says in why for why in objections(conditions(kind, CLAIM, evidence, analyst="A")))


def test_a_compromise_waits_for_its_web_shells_and_for_a_name() -> None:
    found = objections(conditions(CaseKind.COMPROMISE, CLAIM, SOUND, open_shells=2))
    assert found == [
        "Every web shell of this server is verified as removed: 2 are not.",
        "An analyst answers for it by name: nobody does.",
    ]


@given(histories, st.sampled_from(CaseKind))
def test_no_objection_means_that_the_fold_closes(history: list[CaseFact], kind: CaseKind) -> None:
    """The page's list and the fold agree: what has no objection closes, and nothing else does."""
    before = fold(history)
    later = [one for one in history if one.at >= SOUND.collected]  # type: ignore[operator]  # it has a moment
    sound = not objections(conditions(kind, before, SOUND, analyst="A"))
    after = fold([*history, shown(10, number=99)])
    if sound and not later:
        assert after.state is CaseState.VERIFIED_REMOVED
    if not sound and before.state is not CaseState.VERIFIED_REMOVED and not later:
        assert after.state is not CaseState.VERIFIED_REMOVED
