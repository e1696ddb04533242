"""DuckDB as Tocsin opens it: no extensions, nothing fetched, Ctrl-C what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

Settings = dict[str, str | bool | int | float | list[str]]

OFFLINE: Settings = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "python_enable_replacements": False,
}
"""Nothing is fetched or loaded, and no variable of the program becomes a table."""


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
