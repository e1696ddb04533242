"""Delimited values: what ``csv`` writes is read back, and a row that does not fit loses no value."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence.delimited import (
    MOST_COLUMNS,
    absorb,
    by_shape,
    insert,
    score,
    skip,
    split_values,
    squeeze,
    unique_names,
)
from tocsin.evidence.shapes import is_agent, is_ip, is_method, is_path, is_status

VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(VALUES, min_size=2, max_size=8)
NAMES = ("path", "agent", "status", "method")
SHAPES = {"path": is_path, "agent": is_agent, "status": is_status, "method": is_method}
ROW = ["/a", "Agent/1.0", "200", "GET"]


@given(ROWS, st.sampled_from(",;\t|"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_csv_writes_is_read_back(row: list[str], delimiter: str, quoting: int) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="").writerow(row)
    assert split_values(out.getvalue(), delimiter) == row


@given(st.text(alphabet='a,"', max_size=40))
def test_no_character_but_quotes_and_commas_is_lost(text: str) -> None:
    assert "".join(split_values(text)).count("a") == text.count("a")


def test_a_cut_row_keeps_what_it_has() -> None:
    assert split_values('a,"b ""c"", d') == ["a", 'b "c", d']


@given(st.lists(VALUES, max_size=8))
def test_names_are_distinct_and_not_empty(names: list[str]) -> None:
    distinct = unique_names([name for name in names if "#" not in name and "Column" not in name])
    assert len(set(distinct)) == len(distinct)
    assert all(distinct)


def test_names_keep_their_place() -> None:
    assert unique_names(["a", "", "a"]) == ("a", "Column2", "a#2")
    assert squeeze("cs(User-Agent)") == "csuseragent"


def test_a_free_column_takes_what_is_too_much() -> None:
    row, fit = absorb(
        NAMES, ["/a", "Agent/1.0", " and", " more", "200", "GET"], SHAPES, free=("agent",), joiner=","
    )
    assert row == {"path": "/a", "agent": "Agent/1.0, and, more", "status": "200", "method": "GET"}
    assert fit == 4


def test_the_shapes_choose_the_free_column() -> None:
    values = ["/a", "b", "Agent/1.0", "200", "GET"]
    row, _ = absorb(NAMES, values, SHAPES, free=("agent", "path"), joiner=" ")
    assert row["path"] == "/a b"


def test_without_a_free_column_nothing_fits() -> None:
    assert absorb(NAMES, [*ROW, "x"], SHAPES, free=("other",), joiner=",") == ({}, 0)


def test_an_unnamed_column_is_told_by_shape() -> None:
    row, fit = insert(NAMES, ["/a", "Agent/1.0", "192.0.2.1", "200", "GET"], SHAPES, {"ip": is_ip})
    assert row == {"path": "/a", "agent": "Agent/1.0", "ip": "192.0.2.1", "status": "200", "method": "GET"}
    assert fit == 5


def test_an_unnamed_column_may_come_first() -> None:
    row, _ = insert(NAMES, ["192.0.2.1", *ROW], SHAPES, {"ip": is_ip})
    assert list(row) == ["ip", *NAMES]


def test_a_named_column_is_not_unnamed() -> None:
    assert insert(("ip", *NAMES), ["192.0.2.1", *ROW, "192.0.2.2"], SHAPES, {"ip": is_ip}) == ({}, 0)


@pytest.mark.parametrize("missing", range(len(ROW)))
def test_a_missing_column_is_no_key(missing: int) -> None:
    values = [value for place, value in enumerate(ROW) if place != missing]
    row, fit = skip(NAMES, values, SHAPES)
    assert row == {name: value for name, value in zip(NAMES, ROW, strict=True) if value in values}
    assert fit == 3


def test_a_cut_row_lacks_its_end() -> None:
    assert skip(NAMES, ["/a"], SHAPES)[0] == {"path": "/a"}


@given(ROWS, st.integers(0, 3))
def test_fitting_loses_no_value(values: list[str], extra: int) -> None:
    names = [f"n{place}" for place in range(max(1, len(values) - extra))]
    row, _ = absorb(names, values, {}, free=tuple(names), joiner=",")
    assert ",".join(row.values()) == ",".join(values)
    assert list(skip([*names, "x", "y", "z"], values, {})[0].values()) == values


def test_score_counts_for_and_against() -> None:
    assert score(NAMES, ROW, SHAPES) == 4
    assert score(NAMES, ["x", "-", "200", "GET"], SHAPES) == 1


def test_by_shape_names_each_value_once() -> None:
    wanted = {"first": is_ip, "second": is_ip}
    assert by_shape(["192.0.2.1", "x", "192.0.2.2", "192.0.2.3"], wanted) == {
        "first": "192.0.2.1",
        "Column2": "x",
        "second": "192.0.2.2",
        "Column4": "192.0.2.3",
    }
    assert by_shape(["x"] * (MOST_COLUMNS + 1), wanted) == {}
