"""Identifiers were made unreadable before the logs were handed over: ``cafeReqId``, ``RequestId``, canary."""

from __future__ import annotations

import re
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import ECP, HTTPPROXY, IIS, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "anonymised-identifiers"
_IDENTIFIER = re.compile(rb"(?<=cafeReqId=)[^;]*|(?<=msExchEcpCanary=)[\w.\-~]+|(?<=Z,)[0-9a-f-]{36}(?=,)")


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Replace them in every row."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, (*IIS, *HTTPPROXY, *ECP)):
        rows = rewrite(root, path, rows, _change)
    return rows


def _change(_: int, line: bytes) -> bytes | None:
    return None if line.startswith(b"#") else _IDENTIFIER.sub(b"xxx", line)
