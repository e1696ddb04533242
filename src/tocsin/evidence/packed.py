"""A file that is packed by itself, as log rotation leaves it, read as the file that it holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import BinaryIO

from tocsin.evidence.containers import Kind
from tocsin.evidence.entries import RawStream
from tocsin.evidence.gzipped import GzipStream
from tocsin.evidence.zstd_file import ZstdStream

_LOG_SUFFIXES = (".log", ".txt", ".csv", ".json", ".jsonl", ".xml", ".evtx", ".clixml", ".config")


def unpacked(kind: Kind, opener: Callable[[], BinaryIO], name: str) -> RawStream:
    """Open the unpacked bytes of a packed file, whose packed bytes ``opener`` gives.

    Raises:
        ArtefactError: it cannot be opened.
    """
    return ZstdStream(opener, name) if kind is Kind.ZSTD else GzipStream(opener, name)


def unpacked_name(name: str) -> str:
    """Give the name of what a packed file holds."""
    return name.removesuffix(PurePosixPath(name).suffix)


def unpacked_place(where: str) -> str:
    """Give the place of what a packed file holds.

    A rotated log counts as the log itself; anything else is a file in a container, because a page
    that lies packed in a web root is not served.
    """
    plain = unpacked_name(where)
    return plain if plain.endswith(_LOG_SUFFIXES) else f"{where}!/{plain.rpartition('/')[2]}"
