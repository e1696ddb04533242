"""No cell of a CSV file runs in a spreadsheet, and the rows can be read back."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.cells import RUNS, as_csv, safe

CELLS = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(), st.none(), st.booleans())


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_property_no_text_runs_and_rows_come_back(rows: list[list[object]]) -> None:
    text = "".join(as_csv(["a", "b", "c"], rows))
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert len(read) == len(rows) + 1
    for cells, back in zip(rows, read[1:], strict=True):
        assert [str(safe(cell)) for cell in cells] == back
        for cell, seen in zip(cells, back, strict=True):
            assert isinstance(cell, int) or seen.strip()[:1] not in RUNS


def test_what_runs_elsewhere_stands_behind_an_apostrophe() -> None:
    for text in ("=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"):  # noqa: RUF001 - as meant
        assert str(safe(text)).startswith("'")
    assert safe(-5) == -5
    assert safe("192.0.2.1") == "192.0.2.1"
