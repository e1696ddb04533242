"""Addresses of the server's own with a zone: ``::1%0``, ``fe80::1%12``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, chosen, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "ipv6-zones"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put zones behind loopback and link-local addresses."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit))
    return rows


def _edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
    for name in (b"s-ip", b"c-ip"):
        at = names.index(name) if name in names else -1
        if at >= 0 and values[at].startswith((b"::1", b"fe80:", b"127.")):
            values[at] = b"::1%0" if values[at].startswith((b"::1", b"127.")) else b"fe80::1d4c:9a1f%12"
    return values
