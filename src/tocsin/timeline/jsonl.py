"""Write a timeline as JSON lines that Timesketch imports, one row a line.

Timesketch asks for ``message``, ``datetime`` and ``timestamp_desc``; other keys are free. A row without
a time still needs a ``datetime``: it gets the first moment of 1970 and says ``Not a time``, as plaso does.
Evidence is in it word for word, but spelt so that no terminal acts on it and no antivirus minds it.
Format: https://timesketch.org/guides/user/import-from-json-csv/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from tocsin.report.json_document import inert
from tocsin.timeline.rows import Row, encode

SUFFIX = ".jsonl"
NO_TIME = "Not a time"
_NEVER = "1970-01-01T00:00:00+00:00"
_BLOCK = 1 << 20


class JsonlWriter:
    """Writes rows as they come; memory stays at one block."""

    def __init__(self, target: Path) -> None:
        """Open a new file for writing."""
        self._stream: BinaryIO = target.open("wb")
        self._lines: list[bytes] = []
        self._held = 0

    def write(self, row: Row) -> None:
        """Add a row."""
        line = _inert(encode(_for_timesketch(row)))
        self._lines.append(line)
        self._held += len(line)
        if self._held >= _BLOCK:
            self._flush()

    def finish(self, about: Mapping[str, str]) -> None:
        """Write what is held. JSON lines have no place for what the file is about."""
        del about
        self._flush()
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def _flush(self) -> None:
        self._stream.writelines(self._lines)
        self._lines.clear()
        self._held = 0


def _for_timesketch(row: Row) -> Row:
    known = "time" in row
    head: Row = {
        "message": row["message"],
        "datetime": row["time"] if known else _NEVER,
        "timestamp_desc": _described(str(row["kind"])) if known else NO_TIME,
    }
    return head | {name: value for name, value in row.items() if name != "time"}


def _described(kind: str) -> str:
    if kind.startswith("event."):
        return "Event logged"
    return (
        "Request logged"
        if kind in {"iis.w3c", "iis.etw", "exchange.httpproxy", "http.err"}
        else "Entry logged"
    )


def _inert(line: bytes) -> bytes:
    """Spell a line so that it is inert; the slow way only where more than ``<`` can matter."""
    if line.isascii() and b"eval" not in line.lower() and b"\x7f" not in line:
        return line.replace(b"<", b"\\u003c") + b"\n"
    return inert(line.decode()).encode() + b"\n"
