"""Somebody changed which fields IIS logs: from the middle of a file on the referrer is missing."""

from __future__ import annotations

from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, Change, Written, chosen, line_count, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "columns-change"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Drop a column from the middle of each file on."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change(root / path))
    return rows


def _change(place: Path) -> Change:
    half = line_count(place) // 2
    names: list[bytes] = []

    def change(at: int, line: bytes) -> Written | bytes | None:
        if line.startswith(b"#Fields:"):
            names[:] = line.split()[1:]
            return line.replace(b" cs(Referer)", b"") if at > half else None
        if line.startswith(b"#") or b"cs(Referer)" not in names or at < half:
            return None
        kept = _without(names, line)
        if at > half:
            return kept
        header = b" ".join((b"#Fields:", *(name for name in names if name != b"cs(Referer)")))
        return Written(lines=(header, kept), own=1)

    return change


def _without(names: list[bytes], line: bytes) -> bytes:
    values = line.split(b" ")
    if len(values) == len(names):
        del values[names.index(b"cs(Referer)")]
    return b" ".join(values)
