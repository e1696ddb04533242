"""Values cut to a width and ended with dots, as ``Format-Table`` prints them (``width``, 60)."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import HTTPPROXY, Change, Written, chosen, number, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "cut-values"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Cut long values; what such a row said is not provable any more."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, HTTPPROXY):
        rows = rewrite(root, path, rows, _change(int(number(fault, "width", 60))))
    return rows


def _change(width: int) -> Change:
    def change(_: int, line: bytes) -> Written | None:
        if line.startswith((b"#", b"DateTime,")):
            return None
        values = [value if len(value) <= width else value[: width - 3] + b"..." for value in line.split(b",")]
        cut = b",".join(values)
        return Written(lines=(cut,), spoilt=cut != line) if cut != line else None

    return change
