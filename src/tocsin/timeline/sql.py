"""What writing and asking share of DuckDB: its settings without extensions, its spelling of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Settings = dict[str, str | bool | int | float | list[str]]

OFFLINE: Settings = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "python_enable_replacements": False,
}
"""Nothing is fetched or loaded, and no variable of the program becomes a table."""
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


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C be what it is: DuckDB makes a RuntimeError of it."""
    try:
        yield
    except RuntimeError as fault:
        if "interrupted" in str(fault).lower():
            raise KeyboardInterrupt from fault
        raise


def first_line(fault: Exception) -> str:
    """Give the first line of what DuckDB says."""
    return str(fault).partition("\n")[0]
