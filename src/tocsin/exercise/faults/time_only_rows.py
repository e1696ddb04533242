"""Rows with a time and no date: the day stands in ``#Date`` only, as IIS can be set up."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "time-only-rows"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Take the date out of every row."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change)
    return rows


def _change(_: int, line: bytes) -> bytes | None:
    if line.startswith(b"#Fields: date time "):
        return line.replace(b" date time ", b" time ", 1)
    return None if line.startswith(b"#") else line.partition(b" ")[2]
