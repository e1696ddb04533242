"""The proxy log of an older build: four columns fewer at the end, some names in another case.

Option ``identifiers``: ``plain`` takes the dashes out of the requests' identifiers.
"""

from __future__ import annotations

import re
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import HTTPPROXY, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_IDENTIFIER = re.compile(rb"(?<=Z,)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=,)")
_FEW = 60
"""The log of Exchange 2013 has 54 columns and is left as it is."""

KIND = "older-columns"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Cut the last four columns."""
    del dice  # nothing here is left to chance
    plain = fault.options.get("identifiers") == "plain"
    for path in chosen(root, fault, HTTPPROXY):
        rows = rewrite(root, path, rows, _plainer if plain else _change)
    return rows


def _plainer(at: int, line: bytes) -> bytes | None:
    changed = _change(at, line)
    return None if changed is None else _IDENTIFIER.sub(lambda found: found[0].replace(b"-", b""), changed)


def _change(_: int, line: bytes) -> bytes | None:
    if line.startswith((b"#Fields: DateTime,", b"DateTime,")):
        line = line.replace(b"BackEndStatus", b"BackendStatus")
    elif line.startswith(b"#"):
        return None
    else:
        line = line.replace(b",true,", b",True,").replace(b",false,", b",False,")
    return line.rsplit(b",", 4)[0] if line.count(b",") > _FEW else line
