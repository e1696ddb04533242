"""A stretch of a plain file, for those who read one big file at several places at once."""

from __future__ import annotations

import io
from functools import partial
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from tocsin.errors import ArtefactError
from tocsin.evidence.entries import Entry, RawStream
from tocsin.evidence.row_shape import ReaderState
from tocsin.evidence.source import Source


class Part(Struct, frozen=True, kw_only=True):
    """Whole lines of a log, and what a reader has to know to begin there.

    Attributes:
        start: the byte at which they begin.
        stop: the byte after them.
        before: how many lines there are before them.
        state: what those lines left behind; None at the start of the file.
    """

    start: int
    stop: int
    before: int
    state: ReaderState | None


def part_of(entry: Entry, source: Source, part: Part) -> Source:
    """Give a source that holds nothing but a part of a plain file; its bytes are not tallied."""
    return msgspec.structs.replace(source, opener=partial(_opened, entry, part))


def _opened(entry: Entry, part: Part) -> BinaryIO:
    return io.BufferedReader(_Stretch(entry.open(), entry.path, part))


class _Stretch(io.RawIOBase):
    """The bytes of a part."""

    def __init__(self, raw: RawStream, path: str, part: Part) -> None:
        super().__init__()
        self._raw = raw
        self._left = part.stop - part.start
        if raw.jump is None:
            raise ArtefactError("packed, so it cannot be read from the middle", where=path)
        raw.jump(part.start, io.SEEK_SET)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer as far as one read goes.

        Raises:
            ArtefactError: the bytes cannot be read.
        """
        view = memoryview(buffer).cast("B")[: self._left]
        size = self._raw.readinto(view) or 0 if len(view) else 0
        self._left -= size
        return size

    def close(self) -> None:
        """Release the file."""
        if not self.closed:
            self._raw.close()
        super().close()
