"""Rows with an address of tens of thousands of letters (``bytes``, 70000; one a file)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import (
    IIS,
    Change,
    Written,
    chosen,
    line_count,
    number,
    rewrite,
    w3c_rows,
)
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "long-lines"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put a long row into each file."""
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change(root / path, fault, dice.stream(path)))
    return rows


def _change(place: Path, fault: Fault, dice: Dice) -> Change:
    count = line_count(place)
    hit = dice.between(max(1, count // 2), count) if count else 0
    length = int(number(fault, "bytes", 70_000))
    tail = b"?" + b"A" * length

    def edit(_: Sequence[bytes], values: list[bytes]) -> Sequence[bytes]:
        return [value + tail if value.startswith(b"/") else value for value in values]

    rows = w3c_rows(edit)

    def change(at: int, line: bytes) -> Written | None:
        long = rows(at, line)
        if at != hit or not isinstance(long, bytes):
            return None
        return Written(lines=(long, line), own=1)

    return change
