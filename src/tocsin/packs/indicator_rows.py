"""Indicators of a pack: CSV files with the columns of ``IndicatorRow``."""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from tocsin.errors import PackError
from tocsin.model.words import Means
from tocsin.packs.regexes import danger
from tocsin.packs.schema import IndicatorRow

COLUMNS = IndicatorRow.__struct_fields__
STRENGTHS = ("strong", "medium", "weak")
_TRUE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
_SHORTEST = 4


def _hex(digits: int) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", value) is not None


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return False
    return True


def _is_text(value: str) -> bool:
    return len(value) >= _SHORTEST


TYPES: dict[str, Callable[[str], bool]] = {
    "ipv4": _is_address,
    "cidr": _is_network,
    "domain": lambda value: re.fullmatch(r"[\w-]+(\.[\w-]+)+", value) is not None,
    "url": lambda value: re.fullmatch(r"\w+://\S+", value) is not None,
    "sha256": _hex(64),
    "sha1": _hex(40),
    "md5": _hex(32),
    "filename": lambda value: bool(value) and not re.search(r"[\\/*?]", value),
    "filepath": lambda value: re.search(r"[\\/]", value) is not None,
    "path_regex": lambda value: danger(value) is None,
    "user_agent": _is_text,
    "cmdline_substr": _is_text,
    "probe_uri": lambda value: value.startswith("/"),
    "string": _is_text,
    "service_name": bool,
    "file_ext": lambda value: value.startswith("."),
    "file_magic": _is_text,
}
"""Indicator types, and what a value of each must look like."""


def read_indicators(path: Path) -> Iterator[IndicatorRow | PackError]:
    """Yield one row, or one account of what is wrong with it, for every data row of the file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        yield PackError(f"cannot be read as UTF-8 text: {error}.", where=str(path), remedy="Check it.")
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            yield PackError(
                "the columns are not those of an indicator.",
                where=f"{path}:1",
                remedy=f"Use: {','.join(COLUMNS)}",
            )
            return
        for cells in reader:
            yield _row(cells, f"{path}:{reader.line_num}")
    except csv.Error as error:
        yield PackError(f"no valid CSV: {error}.", where=f"{path}:{reader.line_num}", remedy="Quote it.")


def _row(cells: dict[str, str | None], where: str) -> IndicatorRow | PackError:
    values = {name: (cells.get(name) or "").strip() for name in COLUMNS}
    problem = None if None not in cells.values() and None not in cells else "has too few or many cells"
    problem = problem or _problem(values)
    if problem:
        return PackError(f"the row {problem}.", where=where, remedy="Correct or remove the row.")
    return IndicatorRow(
        type=values["type"],
        value=values["value"],
        strength=values["strength"],
        valid_from=_date(values["valid_from"]),
        valid_until=_date(values["valid_until"]),
        withdrawn=_TRUE[values["withdrawn"].lower()],
        means=values["means"] or Means.CONTEXT.value,
        rung=values["rung"],
        actor=values["actor"],
        source=values["source"],
        first_published=_date(values["first_published"]),
        note=values["note"],
    )


def _problem(values: dict[str, str]) -> str | None:
    kind = values["type"]
    checks = (
        (kind in TYPES, f"has the unknown type '{kind}' (known: {', '.join(TYPES)})"),
        (kind not in TYPES or TYPES[kind](values["value"]), f"has no valid {kind}: '{values['value']}'"),
        (values["strength"] in STRENGTHS, f"needs a strength of {', '.join(STRENGTHS)}"),
        (values["means"] in ("", *Means), f"has an unknown meaning '{values['means']}'"),
        (values["withdrawn"].lower() in _TRUE, "needs true or false under withdrawn"),
        (values["source"] != "", "names no source"),
        *((_is_date(values[name]), f"has no date (YYYY-MM-DD) under {name}") for name in _DATES),
    )
    return next((problem for fine, problem in checks if not fine), None)


_DATES = ("valid_from", "valid_until", "first_published")


def _is_date(text: str) -> bool:
    try:
        _date(text)
    except ValueError:
        return False
    return True


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
