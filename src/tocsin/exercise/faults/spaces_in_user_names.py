"""User names that begin with a space or hold one, so that a row has a value too many (``share``, 0.05)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, EditRow, chosen, number, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "spaces-in-user-names"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put spaces into user names."""
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit(fault, dice.stream(path))))
    return rows


def _edit(fault: Fault, dice: Dice) -> EditRow:
    share = number(fault, "share", 0.05)

    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
        at = names.index(b"cs-username") if b"cs-username" in names else -1
        if at < 0 or values[at] == b"-" or not dice.chance(share):
            return None
        values[at] = dice.pick((b" %s", b"%s desk")) % values[at]
        return values

    return edit
