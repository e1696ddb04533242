"""Rows in local time, with the offset in the header (``offset``, +01:00)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, Change, Written, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "local-time-rows"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Shift every row, rename the columns, state the offset."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change(fault.options.get("offset", "+01:00")))
    return rows


def _change(offset: str) -> Change:
    sign = -1 if offset.startswith("-") else 1
    hours, minutes = offset.lstrip("+-").split(":")
    by = sign * timedelta(hours=int(hours), minutes=int(minutes))

    def change(_: int, line: bytes) -> Written | bytes | None:
        if line.startswith(b"#Fields: date time "):
            fields = line.replace(b" date time ", b" date-local time-local ", 1)
            return Written(lines=(b"#GMT-Offset: " + offset.encode(), fields), own=None)
        if line.startswith(b"#"):
            return None
        moment = datetime.fromisoformat(line[:19].decode()) + by
        return moment.isoformat(" ", "seconds").encode() + line[19:]

    return change
