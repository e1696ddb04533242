"""What proves: grades decide, a word never does, signs of compromise are believed, each round has its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tocsin.hub.rules.directives import Directive, Facts, Proof, Requirement, Standing, answer, key, load
from tocsin.hub.rules.proofs import (
    PROOFS,
    PROVING,
    Assessed,
    Found,
    Reported,
    ServerKnown,
    Signed,
    of_server,
    proofs_of,
    reported,
    runs_of,
    signed,
    signs_of,
)
from tocsin.hub.rules.words import Compromise, Exposure, Grade

ROOT = Path(__file__).parents[3]
RUN, ALARM = "Safety Scanner finished a full scan", "Safety Scanner found something"
APRIL = "patched-or-disconnected@2021-04-13"
AT = datetime(2021, 4, 2, 8, tzinfo=UTC)
NOW = datetime(2021, 7, 1, tzinfo=UTC)


@cache
def directive() -> Directive:
    return load(ROOT / "directives" / "ed-21-02" / "directive.yaml", proofs=PROOFS)


def asked(name: str) -> Requirement:
    found = directive().requirement(name)
    assert found is not None
    return found


def server(**rest: object) -> ServerKnown:
    known = {"exposure": Exposure.VULNERABLE, "grade": Grade.OBSERVED, "since": date(2021, 3, 5), **rest}
    return ServerKnown(**known)  # type: ignore[arg-type]  # of the names above


def assessed(
    grade: Grade = Grade.RE_ASSESSED, at: datetime = AT, rules: tuple[str, ...] = (RUN,), **rest: str
) -> Assessed:
    findings = tuple(
        Found(rule=rule, at=None, locator=f"C/msert.log:{number}") for number, rule in enumerate(rules, 1)
    )
    return Assessed(at=at, grade=grade, evidence="sha256:1", findings=findings, **rest)


assessments = st.lists(
    st.builds(
        assessed,
        grade=st.sampled_from(Grade),
        at=st.integers(-30, 60).map(lambda days: AT + timedelta(days=days)),
        rules=st.lists(st.sampled_from([RUN, ALARM, "other"]), max_size=3).map(tuple),
        compromise=st.sampled_from(["", "no-evidence", "targeted", "exploited", "compromised"]),
    ),
    max_size=4,
).map(tuple)
servers = st.builds(
    server,
    exposure=st.sampled_from(Exposure),
    grade=st.sampled_from(Grade),
    since=st.dates(date(2021, 3, 1), date(2021, 6, 1)),
    compromise=st.sampled_from(Compromise),
    worst=st.sampled_from(Compromise),
    assessments=assessments,
    update_released=st.none() | st.dates(date(2021, 3, 1), date(2021, 6, 1)),
    update_seen=st.none() | st.just(NOW),
)
words = st.dictionaries(
    st.sampled_from([key(each.id, number) for each in directive().requirements for number in range(5)]),
    st.builds(Proof, standing=st.sampled_from(Standing), reason=st.just("said"), at=st.just(AT)),
)


@given(servers, words, st.dictionaries(st.sampled_from(["expertise", "hosted"]), st.booleans()))
def test_words_prove_nothing_and_evidence_outweighs_them(
    known: ServerKnown, said: dict[str, Proof], answers: dict[str, bool]
) -> None:
    without = of_server(directive(), known, answers=answers, words={}, exceptions={})
    with_words = of_server(directive(), known, answers=answers, words=said, exceptions={})
    for each in directive().requirements:
        for number in range(len(directive().deadlines(each))):
            before = answer(directive(), each, without, now=NOW, number=number)
            after = answer(directive(), each, with_words, now=NOW, number=number)
            proven = before.proof.standing is Standing.PROVEN
            assert (after.proof.standing is Standing.PROVEN) is proven
            assert not proven or after == before


@given(servers)
def test_only_held_evidence_and_sightings_prove(known: ServerKnown) -> None:
    found = proofs_of(directive(), known)
    for name in ("patched", "patched-or-disconnected", APRIL):
        proof = found.get(name)
        assert proof is None or proof.standing is not Standing.PROVEN or known.grade in PROVING
    gone = found.get("disconnected")
    assert gone is None or gone.standing is Standing.CLAIMED
    held = [one for one in known.assessments if one.grade in {Grade.EVIDENCE_HELD, Grade.RE_ASSESSED}]
    triage = found.get("assessed")
    assert (triage is not None and triage.standing is Standing.PROVEN) is bool(held)
    evicted = found.get("evicted")
    shown = evicted is not None and evicted.standing is Standing.PROVEN
    assert shown is (known.compromise is Compromise.VERIFIED_CLEAN)
    assert {name.partition("@")[0] for name in found} <= PROOFS


@given(servers)
def test_a_proof_is_never_younger_than_its_evidence(known: ServerKnown) -> None:
    for proof in runs_of(asked("msert"), known.assessments):
        assert proof.at is not None
        assert any(proof.at <= one.at for one in known.assessments)
        assert proof.locators


@pytest.mark.parametrize(
    ("grade", "standing"),
    [
        (Grade.OBSERVED, Standing.PROVEN),
        (Grade.SELF_REPORTED, Standing.CLAIMED),
        (Grade.EVIDENCE_HELD, Standing.PROVEN),
        (Grade.RE_ASSESSED, Standing.PROVEN),
    ],
)
def test_a_patch_by_grade(grade: Grade, standing: Standing) -> None:
    proof = proofs_of(directive(), server(exposure=Exposure.PATCHED, grade=grade, where="standing:1"))[
        "patched"
    ]
    assert (proof.standing, proof.at, proof.locators) == (
        standing,
        datetime(2021, 3, 5, tzinfo=UTC),
        ("standing:1",),
    )


@pytest.mark.parametrize(
    ("released", "proven"), [(None, False), (date(2021, 4, 12), False), (date(2021, 4, 13), True)]
)
def test_the_fix_of_march_is_not_that_of_april(released: date | None, *, proven: bool) -> None:
    known = server(exposure=Exposure.PATCHED, update_released=released, update_seen=AT)
    proof = proofs_of(directive(), known).get(APRIL)
    assert (proof is not None and proof.standing is Standing.PROVEN) is proven


@pytest.mark.parametrize(
    ("known", "signs"),
    [
        (server(), None),
        (server(compromise=Compromise.TARGETED, worst=Compromise.TARGETED), None),
        (server(compromise=Compromise.SUSPECTED), True),
        (server(compromise=Compromise.UNKNOWN, worst=Compromise.CONFIRMED), True),
        (server(compromise=Compromise.VERIFIED_CLEAN), True),  # there was something to clean
        (server(assessments=(assessed(compromise="no-evidence"),)), False),
        (server(assessments=(assessed(compromise="undetermined"),)), None),
        (server(assessments=(assessed(Grade.SELF_REPORTED, compromise="no-evidence"),)), None),
    ],
)
def test_signs_of_compromise(known: ServerKnown, *, signs: bool | None) -> None:
    assert signs_of(known) is signs


@pytest.mark.parametrize(
    ("known", "said", "applies"),
    [
        (server(), {}, Standing.MISSING),
        (
            server(),
            {"msert": Proof(standing=Standing.CLAIMED, reason="x", found=True)},
            Standing.NOT_APPLICABLE,
        ),
        (server(), {"msert": Proof(standing=Standing.CLAIMED, reason="x")}, Standing.MISSING),
        (
            server(assessments=(assessed(Grade.SELF_REPORTED, rules=(RUN, ALARM)),)),
            {},
            Standing.NOT_APPLICABLE,
        ),
    ],
)
def test_signs_that_a_tool_or_its_owner_told_of_choose_the_branch(
    known: ServerKnown, said: dict[str, Proof], applies: Standing
) -> None:
    """Bad news is believed at any grade: the order to disconnect and report holds, that to go on does not."""
    facts = of_server(directive(), known, answers={"expertise": True}, words=said, exceptions={})
    assert answer(directive(), asked("patch"), facts, now=NOW).proof.standing is applies
    told = applies is Standing.NOT_APPLICABLE
    assert asked("incident-1").applies(facts.answers) is (True if told else None)


def test_each_update_that_is_asked_for_has_its_own_day() -> None:
    later = structs.replace(asked("april-updates"), id="later", fix_released=date(2021, 7, 13))
    bare = structs.replace(asked("april-updates"), id="bare", fix_released=None)
    order = structs.replace(directive(), requirements=(*directive().requirements, later, bare))
    known = server(exposure=Exposure.PATCHED, update_released=date(2021, 4, 13), update_seen=AT)
    facts = of_server(order, known, answers={}, words={}, exceptions={})
    found = [
        answer(order, each, facts, now=NOW).proof.standing for each in (asked("april-updates"), later, bare)
    ]
    assert found == [Standing.PROVEN, Standing.MISSING, Standing.PROVEN]


def report(**rest: object) -> Reported:
    fields = {"organisation": 7, "at": AT, "looked": True, "campaign": True, "where": "incident:IR-1", **rest}
    return Reported(**fields)  # type: ignore[arg-type]  # of the names above


@pytest.mark.parametrize(
    ("given", "standing", "why"),
    [
        (report(servers=frozenset({1, 2})), Standing.PROVEN, "read here"),
        (report(servers=frozenset({1}), organisation=3), Standing.PROVEN, "read here"),  # the department's
        (report(servers=frozenset({1}), looked=False), Standing.CLAIMED, "nobody here has read it"),
        (report(servers=frozenset({1}), campaign=False), Standing.CLAIMED, "no campaign"),
        (report(), Standing.CLAIMED, "names no server"),
        (report(servers=frozenset({2})), None, ""),
        (report(organisation=3), None, ""),
    ],
)
def test_what_an_incident_report_shows(given: Reported, standing: Standing | None, why: str) -> None:
    found = reported([given], 7, 1)
    assert [proof.standing for proof in found] == ([standing] if standing else [])
    assert all(why in proof.reason for proof in found)


def test_a_report_counts_for_the_supplement_that_it_came_after() -> None:
    march = report(servers=frozenset({1}), at=datetime(2021, 3, 5, tzinfo=UTC))
    april = report(servers=frozenset({1}), at=AT, where="incident:IR-2")
    for reports, expected in (([march], (True, False)), ([april], (True, True)), ([], (False, False))):
        known = server(worst=Compromise.CONFIRMED)
        facts = of_server(
            directive(), known, answers={}, words={}, exceptions={}, reports=reported(reports, 7, 1)
        )
        found = [
            answer(directive(), asked(name), facts, now=NOW).proof for name in ("incident", "incident-1")
        ]
        assert tuple(proof.standing is Standing.PROVEN for proof in found) == expected
    silent = of_server(directive(), server(), answers={}, words={}, exceptions={}, reports=())
    assert answer(directive(), asked("incident"), silent, now=NOW).proof.standing is Standing.MISSING


def test_a_scan_before_the_order_does_not_count() -> None:
    early = assessed(at=datetime(2021, 3, 31, 3, 59, 59, tzinfo=UTC))  # still the 30th in New York
    first = assessed(at=datetime(2021, 3, 31, 4, 0, tzinfo=UTC))
    for one, standing in ((early, Standing.MISSING), (first, Standing.PROVEN)):
        facts = of_server(directive(), server(assessments=(one,)), answers={}, words={}, exceptions={})
        assert answer(directive(), asked("msert"), facts, now=NOW).proof.standing is standing


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_each_round_has_its_own_scans(number: int, offset: int) -> None:
    """A scan in the second of a deadline is in time; one second later it belongs to the next round."""
    deadlines = [due for due in directive().deadlines(asked("msert")) if due]
    at = deadlines[number].at.astimezone(UTC) + timedelta(seconds=offset)
    facts = of_server(
        directive(), server(assessments=(assessed(at=at),)), answers={}, words={}, exceptions={}
    )
    found = [
        turn
        for turn in range(5)
        if answer(directive(), asked("msert"), facts, now=NOW, number=turn).proof.standing is Standing.PROVEN
    ]
    assert set(found) == {0, number if offset <= 0 else number + 1} & set(range(5))


def test_rows_that_the_script_copied_out_of_the_logs_are_findings_of_it() -> None:
    rule = "Control panel session forged through the front end"
    hit = Found(rule=rule, at=AT, locator="C/tools/EXCH01-Cve-2021-26855.csv:3")
    one = Assessed(at=AT, grade=Grade.RE_ASSESSED, evidence="sha256:1", findings=(hit,))
    (proof,) = runs_of(asked("test-proxylogon"), [one])
    assert (proof.found, proof.locators) == (True, (f"sha256:1 {hit.locator}",))
    other = Assessed(
        at=AT, grade=Grade.RE_ASSESSED, evidence="x", findings=(Found(rule=rule, at=AT, locator="C/a.log:3"),)
    )
    assert runs_of(asked("test-proxylogon"), [other]) == []


def test_a_report_is_proven_once_its_document_is_here() -> None:
    claimed = Signed(requirement="report", number=0, at=AT, name="A", document="", where="signoff:1")
    taken = Signed(
        requirement="report", number=0, at=AT + timedelta(days=1), name="B", document="7", where="signoff:2"
    )
    other = Signed(requirement="report-triage", number=0, at=AT, name="C", document="8", where="signoff:3")
    assert signed(asked("report"), 0, [other]) is None
    first = signed(asked("report"), 0, [claimed, other])
    both = signed(asked("report"), 0, [claimed, taken])
    assert first is not None
    assert both is not None
    assert (first.standing, both.standing) == (Standing.CLAIMED, Standing.PROVEN)
    assert (both.at, both.locators) == (taken.at, ("signoff:2",))


@pytest.mark.parametrize(
    ("seen", "hosted", "outside"),
    [
        (datetime(2020, 12, 31, tzinfo=UTC), False, True),
        (datetime(2020, 12, 31, tzinfo=UTC), None, False),
        (datetime(2020, 12, 31, tzinfo=UTC), True, False),
        (datetime(2021, 1, 1, tzinfo=UTC), False, False),
    ],
)
def test_who_was_never_connected_is_outside_by_word_and_census_together(
    seen: datetime, hosted: bool | None, *, outside: bool
) -> None:
    answers = {} if hosted is None else {"hosted": hosted}
    facts = of_server(directive(), server(last_seen=seen), answers=answers, words={}, exceptions={})
    standing = answer(directive(), asked("msert"), facts, now=NOW).proof.standing
    assert standing is (Standing.NOT_APPLICABLE if outside else Standing.MISSING)


@given(st.dates(date(2021, 6, 1), date(2021, 8, 1)))
def test_an_exception_never_hides_a_proof(until: date) -> None:
    facts = Facts(answers={}, proofs={}, exceptions={"msert": ("why", until)})
    shown = Facts(
        answers={},
        proofs={},
        runs={"msert": runs_of(asked("msert"), [assessed()])},
        exceptions={"msert": ("why", until)},
    )
    standing = answer(directive(), asked("msert"), facts, now=NOW).proof.standing
    assert standing is (Standing.EXCEPTED if until >= date(2021, 6, 30) else Standing.MISSING)  # in New York
    assert answer(directive(), asked("msert"), shown, now=NOW).proof.standing is Standing.PROVEN
