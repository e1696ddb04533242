"""Logs that begin a new file with the day or hour, and when one has grown too large."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from tocsin.exercise.workshop import LogFile, Tree

Name = Callable[[str, int], str]
"""The path of a file: from the period's key and the number within the period, from 1."""

Head = Callable[[datetime], Iterable[str]]
"""The header lines of a file whose first row has this time."""


class Rolling:
    """One log: at most one of its files is open, since rows come in the order of time."""

    def __init__(self, tree: Tree, name: Name, head: Head, *, largest: int = 1 << 62) -> None:
        """``largest``: bytes after which the next row begins a new file."""
        self._tree, self._name, self._head, self._largest = tree, name, head, largest
        self._file: LogFile | None = None
        self._key = ""
        self._number = 0
        self._last: datetime | None = None

    def line(self, at: datetime, key: str, text: str) -> tuple[str, int]:
        """Write a row that belongs to a period; give path and line."""
        file = self._file
        if file is None or key != self._key or file.bytes > self._largest:
            file = self._begin(at, key)
        self._last = at
        return file.path, file.line(text)

    def heading(self, key: str, lines: Iterable[str]) -> None:
        """Write header lines into the open file of a period, as a service that was restarted does."""
        if self._file is not None and key == self._key:
            for text in lines:
                self._file.line(text)

    def close(self) -> None:
        """Close the open file; it was changed when its last row was written."""
        if self._file is None or self._last is None:
            return
        self._file.close()
        self._tree.stamp(self._file.path, self._last)
        self._file = None

    def _begin(self, at: datetime, key: str) -> LogFile:
        self.close()
        self._number = self._number + 1 if key == self._key else 1
        self._key = key
        self._file = self._tree.log(self._name(key, self._number))
        for text in self._head(at):
            self._file.line(text)
        return self._file


def day_of(moment: datetime) -> str:
    """Give ``20210303``."""
    return f"{moment.year:04d}{moment.month:02d}{moment.day:02d}"


def hour_of(moment: datetime) -> str:
    """Give ``2021030306``."""
    return f"{day_of(moment)}{moment.hour:02d}"


def stamp(moment: datetime) -> str:
    """Give ``2021-03-03T06:49:42.162Z``."""
    return f"{moment.isoformat('T', 'milliseconds')[:23]}Z"


def exchange_head(moment: datetime, *, version: str, log_type: str, fields: str) -> tuple[str, ...]:
    """Give the header that Exchange's own logs begin with."""
    return (
        "#Software: Microsoft Exchange Server",
        f"#Version: {version}",
        f"#Log-type: {log_type}",
        f"#Date: {stamp(moment)}",
        f"#Fields: {fields}",
    )


def cell(value: str) -> str:
    """Give a value as a cell of a comma-separated row, all on one line."""
    if '"' in value or "," in value:
        value = '"' + value.replace('"', '""') + '"'
    return value.replace("\r", " ").replace("\n", " ") if "\n" in value or "\r" in value else value


def spoken_version(build: str) -> str:
    """Give ``15.01.2106.002`` for ``15.1.2106.2``."""
    major, minor, number, revision = build.split(".")
    return f"{major}.{minor:0>2}.{number:0>4}.{revision:0>3}"
