"""Behind two proxies: the forwarded client is a list, with a port behind an address."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, chosen, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "forwarded-chains"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Turn forwarded addresses into lists."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit))
    return rows


def _edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
    at = names.index(b"X-Forwarded-For") if b"X-Forwarded-For" in names else -1
    if at < 0 or values[at] == b"-":
        return None
    values[at] += b":50312,+192.0.2.9"
    return values
