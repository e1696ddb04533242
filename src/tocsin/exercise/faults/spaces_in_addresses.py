"""Addresses with a space in them that nobody encoded, as HTTP.SYS logs them (``share``, 0.5)."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import Change, chosen, number, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "spaces-in-addresses"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put a space into some addresses of each file."""
    for path in chosen(root, fault, ("*/httperr*.log",)):
        rows = rewrite(root, path, rows, _change(fault, dice.stream(path)))
    return rows


def _change(fault: Fault, dice: Dice) -> Change:
    share = number(fault, "share", 0.5)

    def change(_: int, line: bytes) -> bytes | None:
        if line.startswith(b"#") or b" /" not in line or not dice.chance(share):
            return None
        return line.replace(b" /", b" /a b/", 1)

    return change
