"""``#Fields`` names fewer columns than the rows have: somebody retyped the header (``columns``, 1)."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, Change, chosen, number, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "short-header"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Take the last names out of every header."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change(int(number(fault, "columns", 1))))
    return rows


def _change(columns: int) -> Change:
    def change(_: int, line: bytes) -> bytes | None:
        return line.rsplit(b" ", columns)[0] if line.startswith(b"#Fields: ") else None

    return change
