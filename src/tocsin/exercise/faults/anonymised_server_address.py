"""An address was made unreadable before the log was handed over (``column``, s-ip; c-ip is emptied)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, EditRow, chosen, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "anonymised-server-address"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Replace the address in every row."""
    column = fault.options.get("column", "s-ip").encode()
    words = (b"-",) if column == b"c-ip" else (b"xxx", b"10.7x.xx.2x")
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit(column, dice.stream(path).pick(words))))
    return rows


def _edit(column: bytes, word: bytes) -> EditRow:
    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
        if column not in names:
            return None
        values[names.index(column)] = word
        return values

    return edit
