"""IIS rows in another of the formats that the server can log in.

Option ``what``: ``native`` (commas, local dates without a year first), ``ncsa`` (the common log format),
``quoted`` (Advanced Logging), ``table`` (what Log Parser prints, with NULL for nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from tocsin.errors import ScenarioError
from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, Change, Written, chosen, rewrite
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "other-format"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ADVANCED = b"#Software: IIS Advanced Logging Module"

Row = Mapping[str, str]


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Write each file in the other format.

    Raises:
        ScenarioError: there is no such format.
    """
    del dice  # nothing here is left to chance
    what = fault.options.get("what", "native")
    if what not in _FORMATS:
        known = ", ".join(sorted(_FORMATS))
        raise ScenarioError(f"no such format of IIS: {what}.", remedy=f"There are: {known}.")
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _change(what))
    return rows


def _change(what: str) -> Change:
    names: list[str] = []
    spoken = _FORMATS[what]

    def change(_: int, line: bytes) -> Written | bytes | None:
        text = line.decode("utf-8", "surrogateescape")
        if text.startswith("#Fields: "):
            first = not names
            names[:] = text.split()[1:]
            return _header(what, names, line, first=first)
        if text.startswith("#"):
            return _ADVANCED if what == "quoted" and text.startswith("#Software") else _kept(what, line)
        values = text.split(" ")
        if len(values) != len(names):
            return None
        return spoken(dict(zip(names, values, strict=True))).encode("utf-8", "surrogateescape")

    return change


def _header(what: str, names: list[str], line: bytes, *, first: bool) -> Written:
    if what == "quoted":
        return Written(lines=(line,))
    lines = (" ".join(names).encode(),) if what == "table" and first else ()
    return Written(lines=lines, own=None)


def _kept(what: str, line: bytes) -> Written:
    return Written(lines=(line,) if what == "quoted" else (), own=None)


def _moment(row: Row) -> datetime:
    return datetime.fromisoformat(f"{row['date']}T{row['time']}")


def _native(row: Row) -> str:
    at = _moment(row)
    values = (
        row["c-ip"],
        row["cs-username"],
        f"{at.month}/{at.day}/{at.year}",
        f"{at.hour}:{at.minute:02d}:{at.second:02d}",
        "W3SVC1",
        "SERVER",
        row["s-ip"],
        row["time-taken"],
        "0",
        "0",
        row["sc-status"],
        row["sc-win32-status"],
        row["cs-method"],
        row["cs-uri-stem"],
        row["cs-uri-query"],
        "",
    )
    return ", ".join(values).rstrip()


def _ncsa(row: Row) -> str:
    at = _moment(row)
    query = "" if row["cs-uri-query"] == "-" else f"?{row['cs-uri-query']}"
    stamp = (
        f"{at.day:02d}/{_MONTHS[at.month - 1]}/{at.year}:{at.hour:02d}:{at.minute:02d}:{at.second:02d} +0000"
    )
    asked = f'"{row["cs-method"]} {row["cs-uri-stem"]}{query} HTTP/1.1"'
    return f"{row['c-ip']} - {row['cs-username']} [{stamp}] {asked} {row['sc-status']} 0"


def _quoted(row: Row) -> str:
    free = {"cs(User-Agent)", "cs(Referer)", "cs-uri-query"}
    return " ".join(f'"{value}"' if name in free and value != "-" else value for name, value in row.items())


def _table(row: Row) -> str:
    return " ".join("NULL" if value == "-" else value for value in row.values())


_FORMATS: dict[str, Callable[[Row], str]] = {
    "native": _native,
    "ncsa": _ncsa,
    "quoted": _quoted,
    "table": _table,
}
