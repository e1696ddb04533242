"""A byte-order mark before the first line of logs and configuration."""

from __future__ import annotations

import shutil
from codecs import BOM_UTF8
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, chosen, same_time
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "byte-order-mark"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put the mark of UTF-8 before each file."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, (*TEXT_LOGS, "*/web.config")):
        place, draft = root / path, root / f"{path}.draft"
        with same_time(place):
            with place.open("rb") as source, draft.open("wb") as target:
                target.write(BOM_UTF8)
                shutil.copyfileobj(source, target)
            draft.replace(place)
    return rows
