"""A census file as numbered lines, whatever its compression, within bounds.

gzip is recognised by its first bytes. A file that ends too early, is damaged, or unpacks to more than
`LARGEST` ends in a `CensusError` that names the line reached; what came before stands.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tocsin.errors import CensusError

LARGEST = 64 << 30
"""Bytes of a census after decompression."""
LONGEST_LINE = 16 << 20
"""Bytes of one line; a host with many services is one line of JSON."""
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20


class Line(NamedTuple):
    """One line.

    Attributes:
        number: from 1 on.
        text: without its end; None if the line is too long to be read.
    """

    number: int
    text: str | None


class CensusFile:
    """A census file that is open; ``consumed`` tells how many bytes of it were read, for progress."""

    def __init__(self, path: Path) -> None:
        """Remember the path."""
        self.path = path
        self._raw: io.FileIO | None = None

    @property
    def consumed(self) -> int:
        """Bytes of the file, as it lies on disk, that were read."""
        return self._raw.tell() if self._raw and not self._raw.closed else 0

    def head(self, count: int) -> list[Line]:
        """Give the first lines, and close the file.

        Raises:
            CensusError: the file cannot be read.
        """
        with closing(self.lines()) as lines:
            return list(islice(lines, count))

    def lines(self) -> Generator[Line, None, None]:
        """Give every line.

        Raises:
            CensusError: the file cannot be read, or not to its end.
        """
        number = 0
        try:
            with self.path.open("rb", buffering=0) as raw, _plain(raw) as stream:
                self._raw = raw
                for number, data in enumerate(_split(stream, str(self.path)), start=1):
                    yield Line(number, None if data is None else data.decode("utf-8", "backslashreplace"))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise CensusError(
                f"its compressed data are damaged or end too early ({error}).",
                where=f"{self.path}:{number + 1}",
                remedy="The rows before were taken in. Fetch the file again and import it anew.",
            ) from error
        except OSError as error:
            raise CensusError(
                f"it cannot be read: {error.strerror or error}.", where=str(self.path)
            ) from error


def _plain(raw: io.FileIO) -> io.BufferedReader:
    head = raw.read(2)
    raw.seek(0)
    if head == _GZIP:
        return io.BufferedReader(gzip.GzipFile(fileobj=raw), _BLOCK)
    return io.BufferedReader(raw, _BLOCK)


def _split(stream: io.BufferedReader, where: str) -> Iterator[bytes | None]:
    total, first = 0, True
    while data := stream.readline(LONGEST_LINE):
        whole = data.endswith(b"\n") or len(data) < LONGEST_LINE
        total += len(data) + (0 if whole else _skip(stream))
        if total > LARGEST:
            raise CensusError(
                f"it unpacks to more than {LARGEST >> 30} GiB.", where=where, remedy="Split it."
            )
        if first:
            first, data = False, data.removeprefix(b"\xef\xbb\xbf")
        yield data.rstrip(b"\r\n") if whole else None


def _skip(stream: io.BufferedReader) -> int:
    """Skip the rest of a line that is too long; gives how many bytes it had."""
    skipped = 0
    while data := stream.readline(_BLOCK):
        skipped += len(data)
        if data.endswith(b"\n") or skipped > LARGEST:
            break
    return skipped
