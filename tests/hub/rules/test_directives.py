"""What a directive asks, of whom, by when; and what counts as an answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageFault
from tocsin.hub.rules.directives import (
    Directive,
    Facts,
    Proof,
    Requirement,
    Standing,
    answer,
    load,
    proof_name,
)
from tocsin.hub.rules.proofs import PROOFS

ROOT = Path(__file__).parents[3]
FILE = ROOT / "directives" / "ed-21-02" / "directive.yaml"
SEEN = Proof(standing=Standing.PROVEN, reason="seen", at=datetime(2021, 4, 16, 4, 0, 30, tzinfo=UTC))


@pytest.fixture(scope="module")
def directive() -> Directive:
    return load(FILE, proofs=PROOFS)


def one(directive: Directive, name: str) -> Requirement:
    return next(each for each in directive.requirements if each.id == name)


def test_every_hour_of_the_order(directive: Directive) -> None:
    due = {each.id: str(directive.due(each)) for each in directive.requirements if each.deadline}
    assert due["report"] == "by 2021-03-05 12:00 EST (2021-03-05 17:00 UTC)"
    assert due["msert"] == "by 2021-04-05 12:00 EDT (2021-04-05 16:00 UTC)"
    assert due["april-updates"] == "before 2021-04-16 00:01 EDT (2021-04-16 04:01 UTC)"
    assert due["report-hardening"] == "by 2021-06-28 12:00 EDT (2021-06-28 16:00 UTC)"


def test_weekly_rounds_of_the_scanner(directive: Directive) -> None:
    rounds = [f"{each.at:%m-%d}" for each in directive.rounds(one(directive, "msert"))]
    assert rounds == ["04-12", "04-19", "04-26", "05-03"]


@pytest.mark.parametrize(
    ("answers", "disconnect", "patch"),
    [
        ({}, None, None),
        ({"expertise": False}, True, False),
        ({"expertise": True}, None, None),
        ({"compromise_signs": True}, True, False),
        ({"expertise": True, "compromise_signs": False}, False, True),
        ({"expertise": True, "compromise_signs": True}, True, False),
    ],
)
def test_branches(
    directive: Directive, answers: dict[str, bool], *, disconnect: bool | None, patch: bool | None
) -> None:
    assert one(directive, "disconnect").applies(answers) is disconnect
    assert one(directive, "patch").applies(answers) is patch


def test_the_minute_before_is_in_time_and_the_minute_itself_is_not(directive: Directive) -> None:
    asked = one(directive, "april-updates")
    now = datetime(2021, 4, 20, tzinfo=UTC)
    in_time = Facts(answers={}, proofs={proof_name(asked): SEEN})
    late = Proof(standing=Standing.PROVEN, reason="seen", at=datetime(2021, 4, 16, 4, 1, tzinfo=UTC))
    assert not answer(directive, asked, in_time, now=now).late
    assert answer(directive, asked, Facts(answers={}, proofs={proof_name(asked): late}), now=now).late


def test_a_word_is_a_claim_and_silence_is_missing(directive: Directive) -> None:
    asked = one(directive, "firewall-deny")
    now = datetime(2021, 6, 29, tzinfo=UTC)
    said = Proof(standing=Standing.CLAIMED, reason="the owner says so", at=datetime(2021, 6, 1, tzinfo=UTC))
    silent = answer(directive, asked, Facts(answers={}, proofs={}), now=now)
    claimed = answer(directive, asked, Facts(answers={}, proofs={}, words={asked.id: said}), now=now)
    assert (silent.proof.standing, silent.late) == (Standing.MISSING, True)
    assert (claimed.proof.standing, claimed.late) == (Standing.CLAIMED, False)


@pytest.mark.parametrize(("until", "standing"), [(29, Standing.EXCEPTED), (27, Standing.MISSING)])
def test_an_exception_lasts_until_its_day(directive: Directive, until: int, standing: Standing) -> None:
    asked = one(directive, "firewall-rfc")
    facts = Facts(answers={}, proofs={}, exceptions={asked.id: ("vendor appliance", date(2021, 7, until))})
    given = answer(directive, asked, facts, now=datetime(2021, 7, 28, 12, tzinfo=UTC))
    assert given.proof.standing is standing


@pytest.mark.parametrize(("hour", "standing"), [(3, Standing.EXCEPTED), (4, Standing.MISSING)])
def test_the_day_of_an_exception_ends_where_the_order_was_given(
    directive: Directive, hour: int, standing: Standing
) -> None:
    facts = Facts(answers={}, proofs={}, exceptions={"firewall-rfc": ("appliance", date(2021, 7, 28))})
    moment = datetime(2021, 7, 29, hour, 0, tzinfo=UTC)  # midnight in New York is four o'clock
    assert answer(directive, one(directive, "firewall-rfc"), facts, now=moment).proof.standing is standing


@given(st.dictionaries(st.sampled_from(["expertise", "compromise_signs"]), st.booleans()))
def test_more_answers_never_unsettle_a_branch(answers: dict[str, bool]) -> None:
    directive = load(FILE, proofs=PROOFS)
    for asked in directive.requirements:
        before = asked.applies(answers)
        for name in ("expertise", "compromise_signs"):
            for value in (True, False):
                after = asked.applies({name: value, **answers})
                assert before is None or after is before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("proof: assessed", "proof: hope", "nobody wrote the proof hope"),
        ("part: directive", "part: elsewhere", "no part is called elsewhere"),
        ("when: {expertise: true}", "when: {luck: true}", "no question is called luck"),
        ("named: EST", "named: EDT", "is EST in America/New_York"),
        ("- id: image", "- id: triage", "stands twice"),
        ("per: organisation", "per: planet", "cannot read"),
        ("proof: patched-or-disconnected", "proof: disconnected", "knows no fix"),
        ('by: "2021-03-05T12:00"', 'on: "2021-03-05T12:00"', "cannot read"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    path = tmp_path / "directive.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UsageFault, match=says):
        load(path, proofs=PROOFS)
