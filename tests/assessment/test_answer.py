"""The exit status follows the design's order; the sentence says the gravest thing first."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.assessment.answer import answer, exit_status
from tocsin.model.places import TimeSpan
from tocsin.model.verdicts import Impact, RungShown, Verdict
from tocsin.model.words import Compromise, Exposure, Residual


def verdict(compromise: Compromise, exposure: Exposure, campaign: str = "sample") -> Verdict:
    """A verdict with nothing but its words."""
    return Verdict(
        campaign=campaign, exposure=exposure, exposure_because="", fix=None, exposure_window=TimeSpan(),
        mitigations=(), compromise=compromise, compromise_because="", residual=Residual.UNKNOWN, attempts=3,
        rung=None, first_seen=None, last_seen=None, ladder=(), clusters=(), webshells=(), findings=(),
        folded={}, impact=Impact(), next_steps=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("compromise", "exposure", "status"),
    [
        (Compromise.COMPROMISED, Exposure.PATCHED, 20),
        (Compromise.EXPLOITED, Exposure.VULNERABLE, 15),
        (Compromise.TARGETED, Exposure.VULNERABLE, 10),
        (Compromise.NO_EVIDENCE, Exposure.MITIGATED, 10),
        (Compromise.UNDETERMINED, Exposure.PARTIALLY_MITIGATED, 10),
        (Compromise.UNDETERMINED, Exposure.PATCHED, 4),
        (Compromise.NO_EVIDENCE, Exposure.UNKNOWN, 4),
        (Compromise.TARGETED, Exposure.UNKNOWN, 4),
        (Compromise.TARGETED, Exposure.PATCHED, 11),
        (Compromise.NO_EVIDENCE, Exposure.NOT_AFFECTED, 0),
        (Compromise.NO_EVIDENCE, Exposure.PATCHED, 0),
    ],
)
def test_status_of_one(compromise: Compromise, exposure: Exposure, status: int) -> None:
    assert exit_status([verdict(compromise, exposure)]) == status


def test_no_verdict_is_never_zero() -> None:
    assert exit_status([]) == 4
    assert answer([]).startswith("Undetermined")


words = st.builds(verdict, st.sampled_from(Compromise), st.sampled_from(Exposure))


@given(st.lists(words, max_size=4))
def test_zero_only_when_every_verdict_is_clear(verdicts: list[Verdict]) -> None:
    clear = verdicts and all(
        one.compromise is Compromise.NO_EVIDENCE and one.exposure in {Exposure.PATCHED, Exposure.NOT_AFFECTED}
        for one in verdicts
    )
    assert (exit_status(verdicts) == 0) == bool(clear)


@given(st.lists(words, min_size=1, max_size=3))
def test_order_of_packs_never_matters(verdicts: list[Verdict]) -> None:
    assert len({exit_status(list(order)) for order in itertools.permutations(verdicts)}) == 1


def test_sentences() -> None:
    found = {one: answer([verdict(one, Exposure.UNKNOWN)]) for one in Compromise}
    assert found[Compromise.UNDETERMINED] == (
        "sample: undetermined. No intrusion was seen, but the logs that would show one are missing or "
        "incomplete. 3 attempt(s) were seen. Not seen is not clean. Exposure: unknown."
    )
    assert (
        found[Compromise.TARGETED] == "sample: targeted. 3 attempt(s), none shown to work. Exposure: unknown."
    )
    assert found[Compromise.COMPROMISED] == (
        "sample: compromised. Whether anything is left behind cannot be told from this evidence."
    )
    assert found[Compromise.EXPLOITED] == (
        "sample: exploited. The flaw answered; access beyond that is not shown."
    )
    assert found[Compromise.NO_EVIDENCE] == (
        "sample: no evidence of an attack in logs that would show one. Exposure: unknown."
    )


def test_gravest_verdict_speaks() -> None:
    both = [
        verdict(Compromise.UNDETERMINED, Exposure.PATCHED, "one"),
        verdict(Compromise.COMPROMISED, Exposure.UNKNOWN, "two"),
    ]
    assert "two: compromised" in answer(both)
    assert answer(both) == answer(both[::-1])


@pytest.mark.parametrize(
    ("residual", "said"),
    [
        (Residual.PRESENT, "Something the intruder left is still there."),
        (Residual.NONE_SEEN, "Nothing left behind was seen."),
    ],
)
def test_compromised_names_the_step_and_what_is_left(residual: Residual, said: str) -> None:
    steps = tuple(
        RungShown(id=one, title=f"Step {one}", shown=True, finding_ids=(), would_show=()) for one in "ab"
    )
    told = replace(
        verdict(Compromise.COMPROMISED, Exposure.PATCHED),
        residual=residual,
        ladder=steps,
        rung="b",
        title="Case",
    )
    assert answer([told]) == f"Case: compromised. Step b. {said}"
    assert answer([replace(told, rung=None)]) == f"Case: compromised. {said}"


def test_no_attempts_are_not_counted_aloud() -> None:
    told = answer([replace(verdict(Compromise.UNDETERMINED, Exposure.PATCHED), attempts=0)])
    assert "incomplete. Not seen is not clean." in told


def test_of_equals_the_open_door_speaks() -> None:
    both = [
        verdict(Compromise.TARGETED, Exposure.PATCHED, "a"),
        verdict(Compromise.TARGETED, Exposure.VULNERABLE, "b"),
        verdict(Compromise.TARGETED, Exposure.VULNERABLE, "c"),
    ]
    assert (
        answer(both)
        == answer(both[::-1])
        == ("b: targeted. 3 attempt(s), none shown to work. Exposure: vulnerable.")
    )
