"""Text that was saved as Unicode by a Windows tool: UTF-16 with its mark."""

from __future__ import annotations

from codecs import BOM_UTF16_LE
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import ECP, HTTPPROXY, chosen, same_time
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "utf16-export"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Write each file anew; line numbers stay."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, (*ECP, *HTTPPROXY)):
        place, draft = root / path, root / f"{path}.draft"
        with same_time(place):
            with place.open("rb") as source, draft.open("wb") as target:
                target.write(BOM_UTF16_LE)
                for line in source:
                    target.write(line.decode("utf-8", "replace").encode("utf-16-le"))
            draft.replace(place)
    return rows
