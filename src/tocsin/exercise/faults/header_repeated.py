"""The service began anew: the header block stands again in the middle of a file (``times``, 2)."""

from __future__ import annotations

import itertools
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, Change, Written, chosen, line_count, number, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "header-repeated"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Repeat the header of each file."""
    for path in chosen(root, fault, TEXT_LOGS):
        rows = rewrite(root, path, rows, _change(root / path, fault, dice.stream(path)))
    return rows


def _change(place: Path, fault: Fault, dice: Dice) -> Change:
    with place.open("rb") as stream:
        head = tuple(line.rstrip(b"\r\n") for line in itertools.takewhile(_is_header, stream))
    count = line_count(place)
    times = int(number(fault, "times", 2))
    places = {dice.between(len(head) + 1, max(count, len(head) + 1)) for _ in range(times)}

    def change(at: int, line: bytes) -> Written | None:
        return Written(lines=(*head, line), own=len(head)) if at in places and head else None

    return change


def _is_header(line: bytes) -> bool:
    return line.startswith(b"#")
