"""Days of which no log is there (``from`` and ``to``, both included, such as 210304)."""

from __future__ import annotations

import re
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, chosen
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_DAY = re.compile(r"(?:20)?(2\d[01]\d[0-3]\d)(?:\d\d)?\D")

KIND = "missing-days"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Remove the files whose names bear a missing day; their labels go."""
    first, last = fault.options.get("from", ""), fault.options.get("to", fault.options.get("from", ""))
    found = chosen(root, fault, TEXT_LOGS)
    days = sorted({day for path in found if (day := _day(path))})
    if not first and days:
        first = last = dice.pick(days)
    gone = {path for path in found if first <= _day(path) <= last and _day(path)}
    for path in sorted(gone):
        (root / path).unlink()
    return [row for row in rows if row.path not in gone]


def _day(path: str) -> str:
    found = _DAY.search(path.rpartition("/")[2])
    return found[1] if found else ""
