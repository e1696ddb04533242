"""An excerpt without any header, as people cut them out with a search."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, Written, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "header-missing"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Take every header line out."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change)
    return rows


def _change(_: int, line: bytes) -> Written | None:
    return Written(lines=(), own=None) if line.startswith(b"#") else None
