"""The compromise word: gravity decides, blindness is never innocence, order never matters."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assessment.makers import RUNGS, finding, pack_file, row

from tocsin.assessment.compromise import judge
from tocsin.assessment.sight import covers, exposure_window, unseen_rungs
from tocsin.model.findings import Finding
from tocsin.model.places import TimeSpan
from tocsin.model.words import Compromise, Means

WINDOW = TimeSpan(start=datetime(2021, 1, 3, tzinfo=UTC), end=datetime(2021, 3, 30, tzinfo=UTC))
GRAVITY = [Compromise.NO_EVIDENCE, Compromise.TARGETED, Compromise.EXPLOITED, Compromise.COMPROMISED]

findings = st.lists(
    st.builds(
        finding,
        means=st.sampled_from(list(Means)),
        minutes=st.one_of(st.none(), st.integers(0, 100)),
        line=st.integers(1, 99),
        weak=st.booleans(),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("means", "seen", "word"),
    [
        ([], True, Compromise.NO_EVIDENCE),
        ([], False, Compromise.UNDETERMINED),
        ([Means.CONTEXT], True, Compromise.NO_EVIDENCE),
        ([Means.TARGETED], True, Compromise.TARGETED),
        ([Means.TARGETED], False, Compromise.UNDETERMINED),
        ([Means.EXPLOITED, Means.TARGETED], False, Compromise.EXPLOITED),
        ([Means.COMPROMISED, Means.EXPLOITED], False, Compromise.COMPROMISED),
    ],
)
def test_word(means: list[Means], seen: bool, word: Compromise) -> None:
    found = [finding(means=one, line=number) for number, one in enumerate(means, start=1)]
    unseen = () if seen else pack_file().ladder[:1]
    judgement = judge(found, unseen=unseen, folded={})
    assert judgement.word is word
    assert judgement.attempts == means.count(Means.TARGETED)


def test_attempts_count_what_was_folded() -> None:
    found = [finding("tried", means=Means.TARGETED)]
    judgement = judge(found, unseen=pack_file().ladder[:1], folded={"tried": 41, "another": 5})
    assert judgement.attempts == 42
    assert judgement.because == (
        "42 attempt(s) seen. No log read over the whole exposure window could have shown: The flaw answered."
    )


def test_because_names_the_first_strong_finding() -> None:
    found = [finding(minutes=5, line=7), finding(minutes=1, line=3, weak=True)]
    assert judge(found, unseen=(), folded={}).because == "session opened at C/HttpProxy.LOG:7 and 1 more."


@given(findings, st.randoms(use_true_random=False))
def test_order_never_matters(found: list[Finding], shuffler: random.Random) -> None:
    shuffled = list(found)
    shuffler.shuffle(shuffled)
    assert judge(found, unseen=(), folded={}) == judge(shuffled, unseen=(), folded={})


@given(findings, findings)
def test_more_evidence_never_lowers(found: list, more: list[Finding]) -> None:
    before = judge(found, unseen=(), folded={}).word
    after = judge([*found, *more], unseen=(), folded={}).word
    assert GRAVITY.index(after) >= GRAVITY.index(before)


@given(findings)
def test_blindness_never_reads_as_innocence(found: list[Finding]) -> None:
    word = judge(found, unseen=pack_file().ladder[:1], folded={}).word
    assert word not in {Compromise.NO_EVIDENCE, Compromise.TARGETED}


def test_window_runs_from_first_cited_exploitation_to_the_patch() -> None:
    patched = datetime(2021, 3, 9, tzinfo=UTC)
    ends = datetime(2021, 4, 1, tzinfo=UTC)
    assert exposure_window(pack_file(), patched_at=patched, ends=ends) == TimeSpan(
        start=datetime(2021, 1, 3, tzinfo=UTC), end=patched
    )
    assert exposure_window(pack_file(), patched_at=None, ends=ends).end == ends


def test_window_without_citation_looks_back() -> None:
    ends = datetime(2021, 4, 1, tzinfo=UTC)
    pack = pack_file(first_exploited=None, lookback_days=30)
    assert exposure_window(pack, patched_at=None, ends=ends).start == datetime(2021, 3, 2, tzinfo=UTC)
    assert exposure_window(pack_file(first_exploited=None), patched_at=None, ends=ends).start is None


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({}, True),
        ({"records": 0}, False),
        ({"excerpt": True}, False),
        ({"unreadable": 1}, False),
        ({"errors": 1}, False),
        ({"lost": 1}, False),
        ({"start": datetime(2021, 1, 3, 23, tzinfo=UTC)}, True),
        ({"start": datetime(2021, 1, 5, tzinfo=UTC)}, False),
        ({"end": datetime(2021, 3, 29, 1, tzinfo=UTC)}, True),
        ({"end": datetime(2021, 3, 28, tzinfo=UTC)}, False),
        ({"start": None}, False),
        (
            {
                "gaps": (
                    TimeSpan(start=datetime(2021, 2, 1, tzinfo=UTC), end=datetime(2021, 2, 3, tzinfo=UTC)),
                )
            },
            False,
        ),
        (
            {
                "gaps": (
                    TimeSpan(start=datetime(2020, 12, 5, tzinfo=UTC), end=datetime(2020, 12, 9, tzinfo=UTC)),
                )
            },
            True,
        ),
    ],
)
def test_covers(changes: dict[str, object], whole: bool) -> None:
    assert covers(row(**changes), WINDOW) is whole


def test_unseen_rungs_ask_for_one_able_log_each() -> None:
    rows = {"exchange.ecp-server": row("exchange.ecp-server")}
    unseen = unseen_rungs(pack_file(), rows, WINDOW)
    assert [rung.id for rung in unseen] == ["probe"]
    rows["exchange.httpproxy"] = row()
    assert unseen_rungs(pack_file(), rows, WINDOW) == ()


def test_open_window_covers_nothing() -> None:
    assert not covers(row(), TimeSpan(start=None, end=WINDOW.end))
    assert covers(row("web.file", start=None, end=None), TimeSpan())


def test_because_in_full() -> None:
    tried = [finding("tried", means=Means.TARGETED, rung="probe", line=at) for at in range(3)]
    assert judge(tried, unseen=(), folded={}).because == (
        "3 attempt(s), and the logs that would show success were read without gaps over the exposure window "
        "and show none."
    )
    assert judge((), unseen=(), folded={}).because == (
        "The logs that would show an attack were read without gaps over the exposure window and show none."
    )
    assert judge((), unseen=RUNGS[:2], folded={}).because == (
        "No log read over the whole exposure window could have shown: "
        "The flaw answered; A session was opened."
    )
    assert judge(tried, unseen=RUNGS[:1], folded={"tried": 4}).because == (
        "7 attempt(s) seen. No log read over the whole exposure window could have shown: The flaw answered."
    )
    assert judge([finding("done")], unseen=(), folded={}).because == "done at C/HttpProxy.LOG:1."
    weak = [finding("done", weak=True), finding("done", weak=True, line=2)]
    assert judge(weak, unseen=(), folded={}).because == (
        "done at C/HttpProxy.LOG:1 and 1 more"
        " (second-hand evidence: an excerpt, or a log with columns missing)."
    )


SPAN = TimeSpan(start=datetime(2021, 1, 3, tzinfo=UTC), end=datetime(2021, 3, 10, tzinfo=UTC))
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [(DAY, -DAY, True), (DAY + SECOND, -DAY, False), (DAY, -DAY - SECOND, False)],
)
def test_a_log_may_begin_and_end_a_day_inside_the_window(
    start: timedelta, end: timedelta, whole: bool
) -> None:
    assert SPAN.start is not None
    assert SPAN.end is not None
    assert covers(row(start=SPAN.start + start, end=SPAN.end + end), SPAN) is whole


@pytest.mark.parametrize(
    ("gap", "whole"),
    [
        ((SPAN.end, None), False),
        ((None, SPAN.start), False),
        ((datetime(2021, 3, 10, tzinfo=UTC), datetime(2021, 3, 12, tzinfo=UTC)), True),
        ((datetime(2021, 3, 9, tzinfo=UTC), datetime(2021, 3, 12, tzinfo=UTC)), False),
        ((datetime(2020, 12, 9, tzinfo=UTC), datetime(2021, 1, 3, tzinfo=UTC)), True),
        ((datetime(2020, 12, 9, tzinfo=UTC), datetime(2021, 1, 4, tzinfo=UTC)), False),
        ((datetime(2021, 2, 1, tzinfo=UTC), datetime(2021, 2, 3, tzinfo=UTC)), False),
    ],
)
def test_a_gap_matters_only_inside_the_window(
    gap: tuple[datetime | None, datetime | None], whole: bool
) -> None:
    assert covers(row(gaps=(TimeSpan(start=gap[0], end=gap[1]),)), SPAN) is whole
