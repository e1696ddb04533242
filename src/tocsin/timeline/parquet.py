"""Write a timeline as one Parquet file (zstd), through DuckDB.

A Parquet file is written in one statement, so rows go to JSON lines first, a stretch at a time; each
stretch becomes a small Parquet file, and at the end all of them become one, in their order. Beside the
output this takes room for one stretch and about the size of the output again. ``fields`` is JSON text and
not a MAP: equally small, and four times faster to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import duckdb

from tocsin.detections.database import OFFLINE, Settings, first_line, interruptible
from tocsin.errors import EnvironmentFault
from tocsin.timeline.columns import COLUMNS
from tocsin.timeline.rows import Row, encode
from tocsin.timeline.sql import json_lines, literal, select

SUFFIX = ".parquet"
STRETCH = 64 << 20
"""Bytes of JSON lines after which a stretch ends."""
_BLOCK = 1 << 20
_GROUPS = "ROW_GROUP_SIZE_BYTES '32MB'"
"""Groups by bytes keep memory flat where pages of a quarter of a MiB stand beside log rows."""
_SETTINGS: Settings = {
    "threads": 1,  # one thread writes the rows in the order in which it reads them
    "preserve_insertion_order": False,  # DuckDB asks for this where groups are cut by bytes
    "memory_limit": "1GB",
}


class ParquetWriter:
    """Writes rows through stretches in a folder of its own, which the caller makes and removes."""

    def __init__(self, target: Path, folder: Path, *, stretch: int = STRETCH) -> None:
        """Begin the first stretch.

        Args:
            target: the file to write, at the end.
            folder: an empty folder for stretches.
            stretch: bytes after which one ends.
        """
        self._target = target
        self._folder = folder
        self._limit = stretch
        self._draft = folder / "stretch.jsonl"
        self._parts: list[Path] = []
        self._lines: list[bytes] = []
        self._held = self._written = self._longest = 0
        self._stream: BinaryIO = self._draft.open("wb")
        self._database = duckdb.connect(
            config=OFFLINE | _SETTINGS | {"temp_directory": str(folder / "spill")}
        )

    def write(self, row: Row) -> None:
        """Add a row."""
        line = encode(row)
        self._lines.append(line)
        self._held += len(line) + 1
        self._longest = max(self._longest, len(line))
        if self._held >= _BLOCK:
            self._flush()
            if self._written >= self._limit:
                self._end_stretch()

    def finish(self, about: Mapping[str, str]) -> None:
        """Join the stretches into the file, and note in it what it is about.

        Raises:
            EnvironmentFault: the machine will not let us write.
        """
        self._flush()
        if self._written or not self._parts:
            self._end_stretch()
        names = ", ".join(literal(str(part)) for part in self._parts)
        notes = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in about.items())
        self._copy(
            select("*", f"read_parquet([{names}])"),
            self._target,
            f"COMPRESSION zstd, PARQUET_VERSION v2, {_GROUPS}, KV_METADATA {{{notes}}}",
        )
        self.close()

    def close(self) -> None:
        """Let go of files and memory."""
        self._stream.close()
        self._database.close()

    def _flush(self) -> None:
        self._lines.append(b"")
        self._stream.write(b"\n".join(self._lines))
        self._written += self._held
        self._lines.clear()
        self._held = 0

    def _end_stretch(self) -> None:
        self._stream.close()
        part = self._folder / f"{len(self._parts):06}.parquet"
        lines = json_lines(
            self._draft, {column.name: column.type for column in COLUMNS}, longest=self._longest
        )
        self._copy(select("*", lines), part, f"COMPRESSION lz4_raw, {_GROUPS}")
        self._parts.append(part)
        self._written = self._longest = 0
        self._stream = self._draft.open("wb")

    def _copy(self, rows: str, target: Path, options: str) -> None:
        try:
            with interruptible():
                self._database.execute(f"COPY ({rows}) TO {literal(str(target))} (FORMAT parquet, {options})")
        except duckdb.Error as fault:
            raise EnvironmentFault(
                f"cannot write the timeline: {first_line(fault)}",
                where=str(self._target),
                remedy="Check the room on the disk, or write a .jsonl.",
            ) from fault
