"""Files that the server held open came out with no byte in them: the newest of each folder."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, chosen, same_time
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "locked-stubs"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Empty the last file of each folder that is hit; its labels go."""
    del dice  # nothing here is left to chance
    last = {path.rpartition("/")[0]: path for path in chosen(root, fault, IIS)}
    for path in last.values():
        with same_time(root / path):
            (root / path).write_bytes(b"")
    emptied = frozenset(last.values())
    return [row for row in rows if row.path not in emptied]
