"""Letters of a page's name are percent-encoded, some twice (``share``, 0.5)."""

from __future__ import annotations

import re
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import HTTPPROXY, IIS, Change, chosen, number, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_PAGE = re.compile(rb"([ ,]/(?:owa/auth|aspnet_client)/)([A-Za-z])(?=[\w./]*\.aspx[ ,])")

KIND = "percent-encoding"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Encode letters in the names of server pages."""
    for path in chosen(root, fault, (*IIS, *HTTPPROXY)):
        rows = rewrite(root, path, rows, _change(fault, dice.stream(path)))
    return rows


def _change(fault: Fault, dice: Dice) -> Change:
    share = number(fault, "share", 0.5)

    def encoded(match: re.Match[bytes]) -> bytes:
        return match[1] + dice.pick((b"%%%02x", b"%%%02X", b"%%25%02x")) % match[2][0]

    def change(_: int, line: bytes) -> bytes | None:
        return _PAGE.sub(encoded, line, count=1) if dice.chance(share) else None

    return change
