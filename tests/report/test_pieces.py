"""What the outputs share: prose, time axes, bars, the picture, order and counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.report.samples import SAMPLES, blank_verdict, clean, compromised, huge

from tocsin.model.coverage import ArtefactCoverage
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.words import Compromise, Exposure, StepKind
from tocsin.report import view
from tocsin.report.bars import axis, cells, share
from tocsin.report.prose import blocks, first_sentence, plain
from tocsin.report.sequence import MOST, sequence
from tocsin.report.ticks import ticks
from tocsin.report.timeline import picture

MOMENTS = st.datetimes(timezones=st.just(UTC))
NOON = datetime(2021, 3, 3, 12, tzinfo=UTC)


def test_prose_reads_the_little_markdown_that_advice_is_written_in() -> None:
    text = (
        "# Head\nPara **bold** and `code`\non two lines.\n\n- one\n- two\n  more\n\n1. first\n2. second\n\n"
    )
    text += "```\na  b\n```"
    assert [block.kind for block in blocks(text)] == ["heading", "paragraph", "bullets", "numbers", "code"]
    assert plain(text) == "Head Para bold and code on two lines. one two more first second a  b"
    assert first_sentence("**Do it.** Then rest.") == "Do it."
    assert first_sentence("") == ""


@given(st.text(st.characters(), max_size=200))
def test_prose_loses_no_word(text: str) -> None:
    letters = [character for character in text if character.isalpha() and character.isascii()]
    kept = [character for character in plain(text) if character.isalpha() and character.isascii()]
    remaining = iter(kept)
    assert all(letter in remaining for letter in letters)


@given(MOMENTS, MOMENTS)
def test_an_axis_has_at_most_seven_ticks_in_order(one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    found = ticks(TimeSpan(start=start, end=end + timedelta(seconds=1) if end.year < 9999 else end))
    assert len(found) <= 7
    assert [tick.x for tick in found] == sorted(tick.x for tick in found)
    assert all(0 <= tick.x <= 100 for tick in found)


def test_ticks_stand_at_round_moments() -> None:
    span = TimeSpan(start=datetime(2021, 1, 2, tzinfo=UTC), end=datetime(2021, 3, 9, tzinfo=UTC))
    assert [tick.label for tick in ticks(span)] == ["11 Jan", "25 Jan", "8 Feb", "22 Feb", "8 Mar"]
    day = TimeSpan(start=NOON, end=NOON + timedelta(days=1))
    assert [tick.label for tick in ticks(day)] == ["12:00", "18:00", "4 Mar", "06:00", "12:00"]
    years = TimeSpan(start=datetime(2016, 5, 1, tzinfo=UTC), end=datetime(2021, 5, 1, tzinfo=UTC))
    assert [tick.label for tick in ticks(years)] == ["2017", "2018", "2019", "2020", "2021"]


@given(MOMENTS, MOMENTS, MOMENTS)
def test_a_share_lies_on_the_axis(one: datetime, other: datetime, moment: datetime) -> None:
    start, end = sorted((one, other))
    assert 0 <= share(moment, TimeSpan(start=start, end=end)) <= 1


def test_bars_show_what_was_read_and_every_gap() -> None:
    span = TimeSpan(start=NOON, end=NOON + timedelta(days=10))
    gap = TimeSpan(start=NOON + timedelta(days=4), end=NOON + timedelta(days=6))
    read = ArtefactCoverage(kind="x", wanted=True, start=NOON + timedelta(days=2), end=span.end, gaps=(gap,))
    assert (
        "".join({"read": "#", "gap": ".", "none": " "}[cell] for cell in cells(read, span, 10))
        == "  ##..####"
    )
    short = replace(read, start=NOON, end=NOON, gaps=())
    assert cells(short, span, 10).count("read") == 1
    assert cells(replace(read, start=None, gaps=()), span, 3) == ["none"] * 3
    assert axis(compromised().coverage).start == datetime(2020, 11, 2, 8, tzinfo=UTC)


def test_the_picture_holds_every_strand() -> None:
    assessment = compromised()
    drawn = picture(assessment, assessment.verdicts[0])
    assert drawn is not None
    labels = [row.label for row in drawn.rows]
    assert labels[:3] == ["Cited dates", "Exposure window", "Intruder 203.0.113.21"]
    assert {"Scanners and probers", "Web shell SignOutPage.aspx", "Builds", "Log iis.w3c"} <= set(labels)
    assert {"flag", "bar", "diamond", "ring", "square", "dashed", "cross", "gap"} <= drawn.used
    assert all(
        0 <= mark.x <= 100 and mark.x + mark.width <= 100.4 for row in drawn.rows for mark in row.marks
    )


def test_a_picture_of_thousands_stays_small_and_of_nothing_is_none() -> None:
    assessment = huge()
    drawn = picture(assessment, assessment.verdicts[-1])
    assert drawn is not None
    assert sum(len(row.marks) for row in drawn.rows) < 600
    assert picture(SAMPLES["empty"](), blank_verdict("x")) is None


@given(MOMENTS, MOMENTS)
def test_any_times_can_be_drawn(first: datetime, last: datetime) -> None:
    base = compromised()
    verdict = replace(base.verdicts[0], first_seen=first, last_seen=last)
    assert picture(base, verdict) is not None


def test_the_sequence_is_in_order_and_cut_in_sight() -> None:
    events, more = sequence(compromised().verdicts[0])
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert more == 0
    assert events[4].pause == "9 min 24 s"
    events, more = sequence(huge().verdicts[-1])
    assert len(events) == MOST
    assert more > 2_000


def test_steps_come_preserve_first_and_report_last_each_once() -> None:
    verdict = compromised().verdicts[0]
    groups = view.steps_in_order((verdict, verdict))
    kinds = [kind for kind, _ in groups]
    assert kinds == [kind for kind in StepKind if kind in kinds]
    assert sum(len(steps) for _, steps in groups) == len(verdict.next_steps)


def test_findings_are_grouped_gravest_first_and_none_is_lost() -> None:
    for name in ("compromised", "huge"):
        verdict = view.by_gravity(SAMPLES[name]())[0]
        groups = view.finding_groups(verdict)
        assert [group.means.gravity for group in groups] == sorted(
            (g.means.gravity for g in groups), reverse=True
        )
        assert sum(len(group.findings) for group in groups) == len(verdict.findings)
        assert sum(group.folded for group in groups) == sum(verdict.folded.values())


@pytest.mark.parametrize(
    ("compromise", "exposure", "word"),
    [
        (Compromise.NO_EVIDENCE, Exposure.PATCHED, "No evidence of compromise"),
        (Compromise.NO_EVIDENCE, Exposure.VULNERABLE, "No evidence of compromise, but vulnerable"),
        (Compromise.TARGETED, Exposure.MITIGATED, "Targeted, no success shown, but not patched"),
        (Compromise.TARGETED, Exposure.UNKNOWN, "Targeted, no success shown, exposure unknown"),
        (Compromise.UNDETERMINED, Exposure.PATCHED, "Not shown to be clean"),
        (Compromise.EXPLOITED, Exposure.PATCHED, "Exploited"),
        (Compromise.COMPROMISED, Exposure.PATCHED, "Compromised"),
    ],
)
def test_the_headline_never_sounds_an_all_clear_at_an_open_door(
    compromise: Compromise, exposure: Exposure, word: str
) -> None:
    base = clean()
    verdict = replace(base.verdicts[0], compromise=compromise, exposure=exposure)
    assert view.headline(replace(base, verdicts=(verdict,)))[0].word == word


def test_the_gravest_verdict_speaks_and_not_knowing_outranks_attempts() -> None:
    base = clean()
    order = [Compromise.NO_EVIDENCE, Compromise.TARGETED, Compromise.UNDETERMINED, Compromise.EXPLOITED]
    verdicts = tuple(replace(base.verdicts[0], compromise=each) for each in order)
    assert [each.compromise for each in view.by_gravity(replace(base, verdicts=verdicts))] == order[::-1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (41, "41 s"),
        (577, "9 min 37 s"),
        (10_920, "3 h 2 min"),
        (478_800, "5 d 13 h"),
        (86_400, "1 d"),
    ],
)
def test_lengths_of_time_have_two_units(seconds: int, words: str) -> None:
    assert view.lasting(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (2_027_631_585, "2.0 GB"), (10**13, "10.0 TB")],
)
def test_amounts(count: int, words: str) -> None:
    assert view.amount(count) == words


def test_a_file_name_keeps_the_line() -> None:
    assert view.file_name(Locator(path="C/a/b.log", line=3)) == "b.log:3"
    assert view.file_name(Locator(path="b.log", record=4)) == "b.log#4"
