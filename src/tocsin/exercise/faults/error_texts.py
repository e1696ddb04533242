"""Error texts of ASP behind queries, spaces and all: a row has values too many (``share``, 0.02)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, EditRow, chosen, number, rewrite, w3c_rows
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_TEXTS = (
    b"|28|800a01a8|Object required: 'x'",
    b"|12|80004005|[ODBC SQL Server Driver] Timeout expired",
    b"|-|ASP_0113|Script_timed_out",
)

KIND = "error-texts"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put such texts behind queries."""
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, w3c_rows(_edit(fault, dice.stream(path))))
    return rows


def _edit(fault: Fault, dice: Dice) -> EditRow:
    share = number(fault, "share", 0.02)

    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
        at = names.index(b"cs-uri-query") if b"cs-uri-query" in names else -1
        if at < 0 or not dice.chance(share):
            return None
        values[at] = values[at].removesuffix(b"-") + dice.pick(_TEXTS)
        return values

    return edit
