"""Pairs of the control panel's log with doubled separators.

Option ``line-ends``: ``escaped`` puts values of several lines among them, their ends written as text.
"""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import ECP, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "doubled-separators"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Double the separators."""
    del dice  # nothing here is left to chance
    change = _escaped if fault.options.get("line-ends") == "escaped" else _change
    for path in chosen(root, fault, ECP):
        rows = rewrite(root, path, rows, change)
    return rows


def _change(_: int, line: bytes) -> bytes | None:
    return (
        None
        if line.startswith(b"#")
        else line.replace(b";S:EX=", b";;S:EX=").replace(b";S:URL=", b";;S:URL=")
    )


def _escaped(at: int, line: bytes) -> bytes | None:
    changed = _change(at, line)
    return None if changed is None else changed.replace(b";S:TNAME=<null>;", rb";S:TNAME=a\r\nb\r\n;")
