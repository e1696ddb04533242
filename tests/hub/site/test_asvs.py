"""The self-assessment against ASVS 5.0: nothing is left out, and what it points at is there."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "hub" / "asvs.md"
ROW = re.compile(r"\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| ([a-z ]+) \| ([^|]+) \| ([^|]+) \|")
NAMED = re.compile(r"`((?:src|tests|docs)/[^`:]+|pyproject\.toml)(?:::(\w+))?`")
STATUSES = {"met", "partly", "not met", "not applicable"}
IN_CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7,
    10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7,
}  # fmt: skip
"""Requirements of levels 1 and 2 in each chapter of ASVS 5.0.0; 253 in all."""


def rows() -> list[tuple[str, ...]]:
    return [found.groups() for line in PAGE.read_text("utf-8").splitlines() if (found := ROW.match(line))]


def test_every_requirement_has_one_row() -> None:
    numbers = [tuple(map(int, row[:3])) for row in rows()]
    assert numbers == sorted(set(numbers))
    chapters = [number[0] for number in numbers]
    assert {chapter: chapters.count(chapter) for chapter in chapters} == IN_CHAPTERS


def test_every_row_has_a_status_and_a_reason() -> None:
    assert {row[4] for row in rows()} == STATUSES
    assert [row[:3] for row in rows() if not row[5].strip() or not row[6].strip()] == []


def test_the_counts_are_those_of_the_rows() -> None:
    text, statuses = PAGE.read_text("utf-8"), [row[4] for row in rows()]
    for status in STATUSES:
        assert f"| {status} | {statuses.count(status)} |" in text


@lru_cache
def named_in(path: Path) -> set[str]:
    return set(re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE))


def test_what_it_names_is_there() -> None:
    named = NAMED.findall(PAGE.read_text("utf-8"))
    assert len(named) > 100
    lost = [path for path, _ in named if not (ROOT / path).is_file()]
    lost += [f"{path}::{test}" for path, test in named if test and test not in named_in(ROOT / path)]
    assert lost == []
