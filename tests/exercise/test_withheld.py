"""The property of withheld logs is checked: every way to break it is named, and nothing else is."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.exercise.made_by_hand import EXAMPLE, IIS, PROXY, row

from tocsin.assessment.server import load_knowledge
from tocsin.exercise.scoring.outcome import WithheldAnswer
from tocsin.exercise.scoring.reading import files_by_kind, kinds_of_files, read
from tocsin.exercise.scoring.withheld import compare
from tocsin.exercise.workshop import LabelledRow
from tocsin.model.verdicts import Assessment
from tocsin.model.words import Compromise, Residual

AT = datetime(2026, 1, 1, tzinfo=UTC)
LOG = "exchange.httpproxy"
IIS_ROW = row(f"{IIS}05.log", 18, "iis.w3c", "exploited", "shell-reachable")


@functools.cache
def whole() -> Assessment:
    return read(EXAMPLE, load_knowledge(), at=AT)


@functools.cache
def gone() -> frozenset[str]:
    return files_by_kind(kinds_of_files(EXAMPLE))[LOG]


@functools.cache
def without_proxy() -> Assessment:
    return read(EXAMPLE, load_knowledge(), at=AT, without=gone())


def answer(
    before: Compromise,
    after: Compromise,
    *,
    rows: Iterable[LabelledRow] = (),
    residual: Residual | None = None,
) -> WithheldAnswer:
    """Compare the example's verdicts, given these words."""
    first, rest = (
        replace(one, verdicts=tuple(replace(each, compromise=word) for each in one.verdicts))
        for one, word in ((whole(), before), (without_proxy(), after))
    )
    if residual is not None:
        rest = replace(rest, verdicts=tuple(replace(each, residual=residual) for each in rest.verdicts))
    found = compare(first, rest, kind=LOG, rows=tuple(rows), without=gone())
    return next(one for one in found if one.campaign == "proxylogon")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Compromise.COMPROMISED, Compromise.COMPROMISED),
        (Compromise.COMPROMISED, Compromise.EXPLOITED),
        (Compromise.EXPLOITED, Compromise.UNDETERMINED),
        (Compromise.TARGETED, Compromise.NO_EVIDENCE),
        (Compromise.NO_EVIDENCE, Compromise.UNDETERMINED),
    ],
)
def test_less_certain_is_sound(before: Compromise, after: Compromise) -> None:
    assert answer(before, after).problems == ()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (Compromise.UNDETERMINED, Compromise.NO_EVIDENCE, "more certain"),
        (Compromise.UNDETERMINED, Compromise.COMPROMISED, "more certain"),
        (Compromise.TARGETED, Compromise.EXPLOITED, "more certain"),
        (Compromise.COMPROMISED, Compromise.TARGETED, "cleared"),
        (Compromise.EXPLOITED, Compromise.NO_EVIDENCE, "cleared"),
    ],
)
def test_more_certain_or_cleared_is_a_breach(before: Compromise, after: Compromise, says: str) -> None:
    (problem,) = answer(before, after).problems
    assert problem.startswith(says)


def test_milder_than_a_row_that_was_read_is_a_breach() -> None:
    (problem,) = answer(Compromise.COMPROMISED, Compromise.UNDETERMINED, rows=[IIS_ROW]).problems
    assert problem.startswith("less grave than the rest proves")
    assert answer(Compromise.COMPROMISED, Compromise.EXPLOITED, rows=[IIS_ROW]).problems == ()


def test_rows_that_were_withheld_or_prove_nothing_do_not_count() -> None:
    withheld = row(PROXY, 12, LOG, "compromised", "ecp-session")
    silent = replace(IIS_ROW, label=replace(IIS_ROW.label, provable=False))
    assert answer(Compromise.COMPROMISED, Compromise.UNDETERMINED, rows=[withheld, silent]).problems == ()


def test_nothing_left_is_not_said_where_something_was() -> None:
    found = answer(Compromise.COMPROMISED, Compromise.COMPROMISED, residual=Residual.NONE_SEEN)
    assert found.problems == ("residual present became none-seen",)


def test_a_kind_that_coverage_does_not_name_is_a_breach() -> None:
    rest = replace(without_proxy(), coverage=replace(without_proxy().coverage, missing=()))
    found = compare(whole(), rest, kind=LOG, rows=(), without=gone())
    assert [one.named for one in found] == [False] * len(found)
    assert all("does not name" in one.problems[-1] for one in found)


def test_files_go_with_every_kind_that_stands_in_them() -> None:
    files = files_by_kind({"a": frozenset({"iis.w3c", "exchange.vdir-dump"}), "b": frozenset({"web.file"})})
    assert files == {"iis.w3c": frozenset({"a"}), "web.file": frozenset({"a", "b"})}
