"""Columns set apart by tabs, as other logging modules write them."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "tab-separated"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put tabs between the columns."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change)
    return rows


def _change(_: int, line: bytes) -> bytes | None:
    if line.startswith(b"#") and not line.startswith(b"#Fields:"):
        return None
    head, colon, names = line.partition(b"#Fields: ")
    return colon + names.replace(b" ", b"\t") if colon else head.replace(b" ", b"\t")
