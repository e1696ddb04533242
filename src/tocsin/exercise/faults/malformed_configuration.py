"""Configuration that is no well-formed XML: an end tag is lost, the rest is cut off."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import chosen, same_time
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "malformed-configuration"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Cut each file before its last two end tags."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, ("*/inetpub/wwwroot/web.config",)):
        place = root / path
        content = place.read_bytes()
        cut = content.rfind(b"</", 0, max(content.rfind(b"</"), 0))
        if cut > 0:
            with same_time(place):
                place.write_bytes(content[:cut])
    return rows
