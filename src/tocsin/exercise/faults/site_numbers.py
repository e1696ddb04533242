"""The sites have other numbers than 1 and 2 (``front``, 3; ``back``, 7), as on servers that host more.

Folders of logs, HTTPERR and applicationHost.config say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, Change, EditRow, chosen, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "site-numbers"

Numbers = Mapping[bytes, bytes]


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Number the sites anew; labels follow."""
    del dice  # nothing here is left to chance
    options = fault.options
    numbers = {b"1": options.get("front", "3").encode(), b"2": options.get("back", "7").encode()}
    moves = {path: _path(path, numbers) for path in chosen(root, fault, IIS)}
    for old, new in moves.items():
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)
    for path in chosen(root, fault, ("*/httperr*.log",)):
        rows = rewrite(root, path, rows, w3c_rows(_refused(numbers)))
    for path in chosen(root, fault, ("*/applicationhost.config",)):
        rows = rewrite(root, path, rows, _configured(numbers))
    return [msgspec.structs.replace(row, path=moves.get(row.path, row.path)) for row in rows]


def _path(path: str, numbers: Numbers) -> str:
    folder, _, name = path.rpartition("/")
    start, mark, number = folder.rpartition("W3SVC")
    return f"{start}{mark}{numbers.get(number.encode(), number.encode()).decode()}/{name}"


def _refused(numbers: Numbers) -> EditRow:
    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes]:
        at = names.index(b"s-siteid")
        values[at] = numbers.get(values[at], values[at])
        return values

    return edit


def _configured(numbers: Numbers) -> Change:
    def change(_: int, line: bytes) -> bytes | None:
        if b"<site " not in line:
            return None
        for old, new in numbers.items():
            line = line.replace(b' id="' + old + b'"', b' id="' + new + b'"')
        return line

    return change
