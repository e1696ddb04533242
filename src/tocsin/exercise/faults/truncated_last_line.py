"""The copy ends in the middle of a line, as that of an open file does."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, chosen, relabel, same_time
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "truncated-last-line"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Cut the last line of each file in two; a label on it goes."""
    for path in chosen(root, fault, TEXT_LOGS):
        place = root / path
        count, size, last = _last_line(place)
        if count == 0:
            continue
        with same_time(place), place.open("r+b") as stream:
            stream.truncate(size - last + dice.stream(path).between(last // 4, last // 2))
        rows = relabel(rows, path, lambda row, count=count: None if row.line == count else row)  # type: ignore[misc]
    return rows


def _last_line(place: Path) -> tuple[int, int, int]:
    """Give the number of lines, of bytes, and of bytes in the last line."""
    count, size, last = 0, 0, 0
    with place.open("rb") as stream:
        for line in stream:
            count, size, last = count + 1, size + len(line), len(line)
    return count, size, last
