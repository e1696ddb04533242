"""The server's address was made unreadable before the log was handed over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, EditRow, chosen, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "anonymised-server-address"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Replace the server's address in every row."""
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit(dice.stream(path).pick((b"xxx", b"10.7x.xx.2x")))))
    return rows


def _edit(word: bytes) -> EditRow:
    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
        if b"s-ip" not in names:
            return None
        values[names.index(b"s-ip")] = word
        return values

    return edit
