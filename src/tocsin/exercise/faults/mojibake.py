"""Text that was read in the wrong code page: GBK taken for Latin, UTF-8 for GBK (``share``, 0.02)."""

from __future__ import annotations

import re
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, Change, chosen, number, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_USER = re.compile(rb"(?<=[ ,])[A-Z]{3,15}\\\\?[a-z][a-z0-9.]{1,30}(?=[ ,])")
_WORDS = (
    "测试".encode("gbk"),
    "æµ\u8bd5".encode(),
    "测试".encode().decode("gbk", "replace").encode(),
    "\u00b2\u00e2\u00ca\u00d4".encode(),
)

KIND = "mojibake"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Put such words behind user names."""
    for path in chosen(root, fault, TEXT_LOGS):
        rows = rewrite(root, path, rows, _change(fault, dice.stream(path)))
    return rows


def _change(fault: Fault, dice: Dice) -> Change:
    share = number(fault, "share", 0.02)

    def change(_: int, line: bytes) -> bytes | None:
        if line.startswith(b"#") or not dice.chance(share):
            return None
        return _USER.sub(lambda match: match[0] + dice.pick(_WORDS), line, count=1)

    return change
