"""Event exports whose values have lost their names, as old providers and some forwarders leave them."""

from __future__ import annotations

import re
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import Written, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "unnamed-data"
_NAMED = re.compile(rb"""<Data Name=(?:"[^"]*"|'[^']*')""")


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Take the names out; what such an event said is not provable any more."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, ("*/winevt/logs/*.xml",)):
        rows = rewrite(root, path, rows, _change)
    return rows


def _change(_: int, line: bytes) -> Written | None:
    without = _NAMED.sub(b"<Data", line)
    return Written(lines=(without,), spoilt=True) if without != line else None
