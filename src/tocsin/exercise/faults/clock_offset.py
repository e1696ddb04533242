"""The clock that a log was written by was wrong (``seconds``, 37; below zero: slow)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, EditRow, chosen, number, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "clock-offset"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Shift the times of every row."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit(timedelta(seconds=number(fault, "seconds", 37)))))
    return rows


def _edit(by: timedelta) -> EditRow:
    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
        if list(names[:2]) != [b"date", b"time"]:
            return None
        moment = datetime.fromisoformat(b"T".join(values[:2]).decode()) + by
        return [*moment.isoformat(" ", "seconds").encode().split(b" "), *values[2:]]

    return edit
