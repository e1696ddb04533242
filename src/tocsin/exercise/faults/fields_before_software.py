"""``#Fields`` stands above ``#Software`` in the header."""

from __future__ import annotations

import itertools
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, Change, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "fields-before-software"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Turn the header of each file round."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, TEXT_LOGS):
        rows = rewrite(root, path, rows, _change(root / path))
    return rows


def _change(place: Path) -> Change:
    with place.open("rb") as stream:
        head = [line.rstrip(b"\r\n") for line in itertools.takewhile(_is_header, stream)]
    turned = head[-1:] + head[:-1]

    def change(at: int, _: bytes) -> bytes | None:
        return turned[at - 1] if at <= len(turned) else None

    return change


def _is_header(line: bytes) -> bool:
    return line.startswith(b"#")
