"""Which writer makes which file: by suffix. A new output is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tocsin.errors import UsageFault
from tocsin.timeline import jsonl, parquet
from tocsin.timeline.rows import Row


class Writer(Protocol):
    """What writes rows. Files go to the draft and folder that it was given, and nowhere else."""

    def write(self, row: Row) -> None:
        """Add a row."""
        ...

    def finish(self, about: Mapping[str, str]) -> None:
        """Complete the file; ``about`` is noted in it where the format has a place for that."""
        ...

    def close(self) -> None:
        """Let go of what is open, complete or not."""
        ...


SUFFIXES = (parquet.SUFFIX, jsonl.SUFFIX)


def check_suffix(target: Path) -> None:
    """Refuse a name that tells no format.

    Raises:
        UsageFault: it ends in none of ``SUFFIXES``.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise UsageFault(
            "its name tells no format.", where=str(target), remedy=f"End it in {' or '.join(SUFFIXES)}."
        )


def open_writer(suffix: str, draft: Path, scratch: Path) -> Writer:
    """Give the writer for a name that ends so.

    Args:
        suffix: one of ``SUFFIXES``.
        draft: the file to make.
        scratch: an empty folder for what it needs on the way.
    """
    if suffix.lower() == parquet.SUFFIX:
        return parquet.ParquetWriter(draft, scratch)
    return jsonl.JsonlWriter(draft)
