"""Indicator files: rows, and what is wrong with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.packs.pack_folders import INDICATOR_HEADER, write

from tocsin.errors import PackError
from tocsin.packs.indicator_rows import TYPES, read_indicators
from tocsin.packs.schema import IndicatorRow


def read(tmp_path: Path, rows: str) -> list[IndicatorRow | PackError]:
    return list(read_indicators(write(tmp_path / "i.csv", INDICATOR_HEADER + rows)))


def test_a_row(tmp_path: Path) -> None:
    rows = (
        'ipv4,192.0.2.7,medium,2021-01-03,2021-06-30,no,targeted,probe,setone,A list,2021-03-02,"a, note"\n'
    )
    assert read(tmp_path, rows) == [
        IndicatorRow(
            type="ipv4",
            value="192.0.2.7",
            strength="medium",
            valid_from=date(2021, 1, 3),
            valid_until=date(2021, 6, 30),
            withdrawn=False,
            means="targeted",
            rung="probe",
            actor="setone",
            source="A list",
            first_published=date(2021, 3, 2),
            note="a, note",
        )
    ]


def test_empty_cells_are_open_dates_and_context(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "filename,a.aspx,weak,,,TRUE,,,,A list,,\n")
    assert isinstance(row, IndicatorRow)
    assert (row.valid_from, row.valid_until, row.withdrawn, row.means) == (None, None, True, "context")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("ipv4", "192.0.2.7", "192.0.2"),
        ("cidr", "192.0.2.0/24", "192.0.2.1/24"),
        ("domain", "a.contoso.example", "contoso"),
        ("url", "http://contoso.example/a", "contoso.example/a"),
        ("sha256", "a" * 64, "a" * 63),
        ("sha1", "A" * 40, "g" * 40),
        ("md5", "0" * 32, "0" * 33),
        ("filename", "a.aspx", r"b\a.aspx"),
        ("filepath", r"C:\inetpub\a.aspx", "a.aspx"),
        ("path_regex", r"\\a[0-9]{8}\.aspx$", "(a+)+"),
        ("user_agent", "agent/1.0", "abc"),
        ("cmdline_substr", "net group", "net"),
        ("probe_uri", "/owa/auth/a.aspx", "owa"),
        ("string", "text", "txt"),
        ("service_name", "msupdate", ""),
        ("file_ext", ".CRYPT", "CRYPT"),
        ("file_magic", "DEARCRY!", "D"),
    ],
)
def test_the_value_of_every_type(tmp_path: Path, kind: str, good: str, bad: str) -> None:
    (row,) = read(tmp_path, f"{kind},{good},weak,,,,,,,A list,,\n")
    assert isinstance(row, IndicatorRow)
    assert row.value == good
    (problem,) = read(tmp_path, f"{kind},{bad},weak,,,,,,,A list,,\n")
    assert isinstance(problem, PackError)
    assert problem.what == f"the row has no valid {kind}: '{bad}'."
    assert problem.where == f"{tmp_path / 'i.csv'}:2"


def test_every_type_is_tested_above() -> None:
    assert len(TYPES) == 17


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("ip,192.0.2.7,weak,,,,,,,S,,", "has the unknown type 'ip'"),
        ("ipv4,192.0.2.7,sure,,,,,,,S,,", "needs a strength of strong, medium, weak"),
        ("ipv4,192.0.2.7,weak,,,,benign,,,S,,", "has an unknown meaning 'benign'"),
        ("ipv4,192.0.2.7,weak,,,maybe,,,,S,,", "needs true or false under withdrawn"),
        ("ipv4,192.0.2.7,weak,,,,,,,,,", "names no source"),
        ("ipv4,192.0.2.7,weak,3 March,,,,,,S,,", "has no date (YYYY-MM-DD) under valid_from"),
        ("ipv4,192.0.2.7,weak,,2021-13-01,,,,,S,,", "has no date (YYYY-MM-DD) under valid_until"),
        ("ipv4,192.0.2.7,weak,,,,,,,S,x,", "has no date (YYYY-MM-DD) under first_published"),
        ("ipv4,192.0.2.7,weak", "has too few or many cells"),
        ("ipv4,192.0.2.7,weak,,,,,,,S,,,more", "has too few or many cells"),
    ],
)
def test_a_wrong_row_is_named_and_the_next_is_read(tmp_path: Path, row: str, what: str) -> None:
    problem, sound = read(tmp_path, f"{row}\nipv4,192.0.2.8,weak,,,,,,,S,,\n")
    assert isinstance(problem, PackError)
    assert what in problem.what
    assert problem.where == f"{tmp_path / 'i.csv'}:2"
    assert isinstance(sound, IndicatorRow)


def test_wrong_columns_and_unreadable_files(tmp_path: Path) -> None:
    (problem,) = read_indicators(write(tmp_path / "i.csv", "type,value\nipv4,192.0.2.7\n"))
    assert isinstance(problem, PackError)
    assert problem.what == "the columns are not those of an indicator."
    (tmp_path / "i.csv").write_bytes(b"\xff")
    (problem,) = read_indicators(tmp_path / "i.csv")
    assert isinstance(problem, PackError)
    assert "cannot be read" in problem.what


def test_an_open_quote_is_told(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, 'ipv4,"192.0.2.7\n')
    assert isinstance(problem, PackError)
    assert "no valid CSV" in problem.what


@given(text=st.text(max_size=200))
def test_any_text_gives_rows_or_problems(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes((INDICATOR_HEADER + text).encode("utf-8", "surrogatepass"))
    assert all(isinstance(row, (IndicatorRow, PackError)) for row in read_indicators(path))
