"""A zip among the files that is cut short, and one that unpacks to fifty times its size."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "corrupt-zip"
_LINES = 40_000
_TIME = (1_614_556_800, 1_614_556_800)


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Add both archives below ``C/Temp``."""
    del fault, dice  # nothing here is left to chance
    folder = root / "C/Temp"
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "notes.zip"
    entry = zipfile.ZipInfo("notes.txt", (2021, 3, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(whole, "w") as bundle:
        bundle.writestr(entry, b"Nothing to report.\r\n" * _LINES)
    cut = folder / "logs.zip"
    cut.write_bytes(whole.read_bytes()[:-60])
    for place in (whole, cut):
        os.utime(place, _TIME)
    return rows
