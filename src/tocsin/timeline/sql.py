"""What writing and asking share of SQL: its spelling of names, and the reading of JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_LONGEST_OBJECT = 16 << 20
"""Bytes of one JSON object that DuckDB takes unasked."""


def literal(text: str) -> str:
    """Give the text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def select(what: str, source: str) -> str:
    """Give the SELECT. Both parts are ours, with every name from outside through ``literal``."""
    return f"SELECT {what} FROM {source}"  # noqa: S608 - callers put names from outside through literal


def json_lines(path: Path, columns: Mapping[str, str], *, longest: int) -> str:
    """Give the table function that reads JSON lines with these columns; what a line lacks is null.

    Args:
        path: the file.
        columns: name to SQL type.
        longest: bytes of the longest line.
    """
    typed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    size = max(longest + 1024, _LONGEST_OBJECT)
    return (
        f"read_json({literal(str(path))}, format='newline_delimited', columns={{{typed}}}, "
        f"maximum_object_size={size})"
    )
