"""A run of NUL bytes where the power failed: what was to be written there never was (``bytes``, 4096)."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import (
    TEXT_LOGS,
    Change,
    chosen,
    labelled_lines,
    line_count,
    number,
    rewrite,
)
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "nul-run"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put a run before a row of each file; no labelled row is hit."""
    for path in chosen(root, fault, TEXT_LOGS):
        rows = rewrite(
            root, path, rows, _change(root / path, fault, labelled_lines(rows, path), dice.stream(path))
        )
    return rows


def _change(place: Path, fault: Fault, labelled: frozenset[int], dice: Dice) -> Change:
    count = line_count(place)
    hit = dice.between(max(1, count // 2), count) if count else 0
    run = bytes(int(number(fault, "bytes", 4096)))

    def change(at: int, line: bytes) -> bytes | None:
        return run + line if at == hit and at not in labelled else None

    return change
