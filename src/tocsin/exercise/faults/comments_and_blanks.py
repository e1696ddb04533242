"""Remarks, blank lines and rules in the middle of a log, as people leave them (``share``, 0.02)."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, Change, Written, chosen, number, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_REMARKS = (
    b"",
    b"-----",
    b"# taken from the backup of Tuesday",
    b"innslag knyttet til adressen over",
    b"   ",
)

KIND = "comments-and-blanks"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put remarks between the rows."""
    for path in chosen(root, fault, TEXT_LOGS):
        rows = rewrite(root, path, rows, _change(fault, dice.stream(path)))
    return rows


def _change(fault: Fault, dice: Dice) -> Change:
    share = number(fault, "share", 0.02)

    def change(_: int, line: bytes) -> Written | None:
        if line.startswith(b"#") or not dice.chance(share):
            return None
        return Written(lines=(dice.pick(_REMARKS), line), own=1)

    return change
