"""The proxy log of an older build: four columns fewer at the end, some names in another case."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import HTTPPROXY, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_FEW = 60
"""The log of Exchange 2013 has 54 columns and is left as it is."""

KIND = "older-columns"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Cut the last four columns."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, HTTPPROXY):
        rows = rewrite(root, path, rows, _change)
    return rows


def _change(_: int, line: bytes) -> bytes | None:
    if line.startswith((b"#Fields: DateTime,", b"DateTime,")):
        line = line.replace(b"BackEndStatus", b"BackendStatus")
    elif line.startswith(b"#"):
        return None
    else:
        line = line.replace(b",true,", b",True,").replace(b",false,", b",False,")
    return line.rsplit(b",", 4)[0] if line.count(b",") > _FEW else line
