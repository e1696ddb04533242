"""Rows in which the user agent is missing altogether, so that a value is short (``share``, 0.03)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, EditRow, chosen, number, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "missing-agents"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Take user agents out."""
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit(fault, dice.stream(path))))
    return rows


def _edit(fault: Fault, dice: Dice) -> EditRow:
    share = number(fault, "share", 0.03)

    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
        if b"cs(User-Agent)" not in names or not dice.chance(share):
            return None
        del values[names.index(b"cs(User-Agent)")]
        return values

    return edit
