"""A text file as blocks of whole lines: bytes in one buffer that is used again and again.

Only LF ends a line, as in ``tocsin.evidence.lines``, and what that module makes of a line is what
``line_at`` makes of its bytes. UTF-16 is not for here.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import BinaryIO

from tocsin.errors import ArtefactError
from tocsin.evidence.lines import LONGEST_LINE, Line, encoding_of, line_of
from tocsin.evidence.source import Source

BLOCK = 4 << 20
"""Bytes read at a time: enough to make the work per block small, few enough for the cache."""

_MARK = codecs.BOM_UTF8
_SPARE: deque[bytearray] = deque(maxlen=1)
"""The buffer of the file that was read before."""


def in_blocks(source: Source) -> bool:
    """Tell whether the file's lines are bytes that end in LF, so that it can be read in blocks."""
    return encoding_of(source.head)[0] == "utf-8"


def blocks(source: Source, size: int = BLOCK) -> Iterator[memoryview]:
    """Yield the file's bytes in stretches that begin and end where lines do.

    The last line gets an LF if it has none. A byte-order mark at the start is left out. A stretch is
    valid until the next one is asked for. It is as long as it must be to hold a line, up to
    ``LONGEST_LINE`` at least; a longer line may come short, but never so short that it seems whole.

    Raises:
        ArtefactError: the bytes cannot be read; what was read before has been yielded.
    """
    return (block for _, block in placed_blocks(source, size))


def placed_blocks(source: Source, size: int = BLOCK) -> Iterator[tuple[int, memoryview]]:
    """Yield what ``blocks`` does, each with the place in the file where its first line begins.

    Whoever begins at such a place gets the same blocks from there on.

    Raises:
        ArtefactError: as ``blocks``.
    """
    buffer = _buffer(size)
    with closing(source.open()) as stream:
        filler = _Filler(stream, buffer)
        while filler.more():
            yield from filler.whole_lines()
        yield from filler.rest()
    _SPARE.append(buffer)


def _buffer(size: int) -> bytearray:
    """Give a buffer, the one that is spare if it fits: a new one costs more than reading a small log does."""
    room = max(size, 2 * LONGEST_LINE) + 1  # beside a cut line there must be room to read on
    try:
        spare = _SPARE.pop()
    except IndexError:
        return bytearray(room)
    return spare if len(spare) == room else bytearray(room)


class _Filler:
    """The buffer: bytes of an unfinished line at its start, new ones after them."""

    def __init__(self, stream: BinaryIO, buffer: bytearray) -> None:
        # one read of the raw stream at a time: what it gave before an error is not lost
        self._read_into: Callable[[memoryview], int] = stream.readinto1  # type: ignore[attr-defined]  # buffered streams have it
        self._buffer = buffer
        self._held = 0
        self._reached = 0
        self._first = True
        self._failure: ArtefactError | None = None

    def more(self) -> bool:
        """Read on behind what is held, as much as there is room for; False at the end."""
        if self._failure is not None:
            raise self._failure
        if self._held > LONGEST_LINE:
            self._held = LONGEST_LINE + 1
        before = self._held
        with memoryview(self._buffer) as view:
            self._fill(view[:-1])
        if self._first and self._held:
            self._leave_mark()
            return True
        return self._held > before or self._failure is not None

    def _fill(self, view: memoryview) -> None:
        try:
            while self._held < len(view) and (got := self._read_into(view[self._held :])):
                self._held += got
                self._reached += got
        except ArtefactError as error:
            self._failure = error

    def _leave_mark(self) -> None:
        self._first = False
        if self._buffer.startswith(_MARK) and self._held >= len(_MARK):
            self._keep(len(_MARK))

    def whole_lines(self) -> Iterator[tuple[int, memoryview]]:
        """Give what ends in LF, and keep the rest."""
        end = self._buffer.rfind(b"\n", 0, self._held) + 1
        if end:
            with memoryview(self._buffer) as view:
                yield self._reached - self._held, view[:end]
            self._keep(end)

    def _keep(self, start: int) -> None:
        tail = self._buffer[start : self._held]
        self._buffer[: len(tail)] = tail
        self._held = len(tail)

    def rest(self) -> Iterator[tuple[int, memoryview]]:
        """Give the last line, which has no LF, with one."""
        if self._held:
            self._buffer[self._held] = 10
            with memoryview(self._buffer) as view:
                yield self._reached - self._held, view[: self._held + 1]


def line_at(block: memoryview, start: int, end: int, number: int) -> Line:
    """Give the line of a block that stands from ``start`` to its LF at ``end``."""
    return line_of(number, bytes(block[start:end]))
