"""A ``.gz`` file, as log rotation leaves it, read as the file that it holds."""

from __future__ import annotations

import gzip
import zlib
from typing import BinaryIO

from tocsin.errors import ArtefactError

_LOG_SUFFIXES = (".log", ".txt", ".csv", ".json", ".jsonl", ".xml", ".evtx", ".clixml", ".config")


class GzipStream:
    """The unpacked bytes of a ``.gz`` file: forward only, since going back means unpacking again."""

    jump = None

    def __init__(self, packed: BinaryIO, name: str) -> None:
        """Take the packed stream over."""
        self._packed = packed
        self._name = name
        self._plain = gzip.GzipFile(fileobj=packed, mode="rb")

    def readinto(self, buffer: memoryview, /) -> int:
        """Unpack the next bytes.

        Raises:
            ArtefactError: they are damaged, or the file ends before its end mark.
        """
        try:
            data = self._plain.read1(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            raise ArtefactError(f"damaged or cut short ({error})", where=self._name) from error
        buffer[: len(data)] = data
        return len(data)

    @property
    def used(self) -> int:
        """Packed bytes used up so far."""
        return self._packed.tell()

    def close(self) -> None:
        """Release both streams."""
        self._plain.close()
        self._packed.close()


def unpacked_place(where: str) -> str:
    """Give the place of what a ``.gz`` holds.

    A rotated log counts as the log itself; anything else is a file in a container, because a page
    that lies packed in a web root is not served.
    """
    plain = where.removesuffix(".gz")
    return plain if plain.endswith(_LOG_SUFFIXES) else f"{where}!/{plain.rpartition('/')[2]}"
