"""The table of odd inputs in the guide says what there is: every fault, each way of it, a scenario."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.exercise.test_faults import OPTIONS

from tocsin.exercise.faulting import kinds
from tocsin.exercise.library import load, names

GUIDE = Path(__file__).parents[2] / "docs/how-to/run-an-exercise.md"
_ROW = re.compile(r"^\| (?P<seen>.+) \| (?P<switch>.+) \| `(?P<scenario>[\w-]+)` \|$", re.MULTILINE)


class Row(NamedTuple):
    """One row: what was seen, the words in code marks of its switch, the scenario."""

    seen: str
    words: list[str]
    scenario: str


ROWS = [
    Row(found["seen"], re.findall("`([^`]+)`", found["switch"]), found["scenario"])
    for found in _ROW.finditer(GUIDE.read_text(encoding="utf-8"))
]


def told(row: Row) -> dict[str, str]:
    """Give the options with a value that a row names."""
    return dict(word.split(": ") for word in row.words if ": " in word)


@pytest.mark.parametrize("row", [row for row in ROWS if row.words[0] in kinds()], ids=lambda row: row.seen)
def test_the_scenario_of_a_row_uses_its_fault_so(row: Row) -> None:
    scenario = load(row.scenario)
    used = [one for one in scenario.collection.faults if one.kind == row.words[0]]
    assert used
    usual = {"renamed-directories": {"what": "served"}}.get(row.words[0], {})
    assert any(told(row).items() <= {**usual, **one.options}.items() for one in used)
    plain = {word for word in row.words[1:] if word.isalpha()}
    assert any(plain & {*one.options} == plain or not one.options for one in used)


def test_every_fault_and_every_way_of_it_stands_in_the_table() -> None:
    assert {row.words[0] for row in ROWS} >= set(kinds())
    ways = {
        (kind, option["what"])
        for kind, options in OPTIONS.items()
        for option in options
        if "what" in option and kind != "zip-names"
    }
    assert ways <= {(row.words[0], told(row).get("what", "")) for row in ROWS}


def test_the_table_is_sorted_and_names_scenarios_that_there_are() -> None:
    keys = [re.sub(r"[^a-z0-9 ]", "", row.seen.lower()) for row in ROWS]
    assert keys == sorted(keys)
    assert {row.scenario for row in ROWS} <= set(names())
