"""Small figures are left out, and so is what would give them back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.suppression import LEAST, suppress, suppress_table

FIGURES = st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=8)
TABLES = st.integers(1, 6).flatmap(
    lambda width: st.dictionaries(
        st.integers(0, 8),
        st.lists(st.integers(0, 12), min_size=width, max_size=width),
        min_size=1,
        max_size=6,
    )
)


@given(FIGURES)
def test_no_small_figure_is_published(figures: dict[str, int]) -> None:
    shown = suppress(figures)
    assert all(value is None or value == 0 or value >= LEAST for value in shown.values())
    assert all(value in {None, figures[name]} for name, value in shown.items())


@given(FIGURES)
def test_no_figure_comes_back_by_subtraction(figures: dict[str, int]) -> None:
    hidden = [name for name, value in suppress(figures).items() if value is None]
    others = [value for name, value in figures.items() if name not in hidden]
    if hidden and (len(hidden) == 1 or sum(figures[name] for name in hidden) < LEAST):
        assert not others, "all there is to hide behind was hidden"


@given(TABLES)
def test_no_line_of_a_table_gives_a_cell_away(rows: dict[int, list[int]]) -> None:
    table = {row: dict(enumerate(cells)) for row, cells in rows.items()}
    shown = suppress_table(table)
    lines = [[(row, column) for column in cells] for row, cells in table.items()]
    lines += [[(row, column) for row in table] for column in next(iter(table.values()))]
    for line in lines:
        hidden = [(row, column) for row, column in line if shown[row][column] is None]
        if len(hidden) == 1:
            assert len(line) == 1


def test_the_smallest_other_goes_too() -> None:
    assert suppress({"health": 2, "energy": 40, "water": 9, "food": 0}) == {
        "health": None,
        "energy": 40,
        "water": None,
        "food": 0,
    }
    assert suppress({"health": 20, "energy": 40}) == {"health": 20, "energy": 40}
