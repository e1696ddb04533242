"""A proxy log that went through ``Select-Object`` and ``Export-Csv``: ``#TYPE``, quotes, fewer columns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import HTTPPROXY, Change, Written, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

_TYPE = b"#TYPE Selected.System.Management.Automation.PSCustomObject"
_COLUMNS = (
    "DateTime",
    "RequestId",
    "ClientIpAddress",
    "UrlHost",
    "UrlStem",
    "RoutingHint",
    "AuthenticatedUser",
    "UserAgent",
    "AnchorMailbox",
    "Method",
    "HttpStatus",
    "BackEndStatus",
    "ResponseBytes",
)

KIND = "powershell-export"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Turn each file into an export."""
    del dice  # nothing here is left to chance
    for path in chosen(root, fault, HTTPPROXY):
        rows = rewrite(root, path, rows, _change())
    return rows


def _change() -> Change:
    names: list[str] = []

    def change(_: int, line: bytes) -> Written | None:
        text = line.decode("utf-8", "surrogateescape")
        if text.startswith("#Fields: "):
            again = bool(names)
            names[:] = next(csv.reader([text.removeprefix("#Fields: ")]))
            return Written(lines=() if again else (_TYPE, _quoted(_COLUMNS)), own=None)
        if text.startswith(("#", "DateTime,")) or not names:
            return Written(lines=(), own=None)
        row = dict(zip(names, next(csv.reader([text])), strict=False))
        return Written(lines=(_quoted([row.get(name, "") for name in _COLUMNS]),))

    return change


def _quoted(values: Sequence[str]) -> bytes:
    text = ",".join('"' + value.replace('"', '""') + '"' for value in values)
    return text.encode("utf-8", "surrogateescape")
