"""Every byte of the evidence passes here: hashed, counted and bounded while it is read.

The hash follows the furthest byte reached in order, over any number of openings. A parser that
reads its file once to the end therefore pays for one pass; whatever it leaves is hashed after it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any, BinaryIO

from tocsin.errors import ArtefactError
from tocsin.evidence.entries import RawStream
from tocsin.evidence.limits import Account, Budget

BLOCK = 1 << 18


class Tally:
    """How far one entry has been read in order, and the hash up to there."""

    def __init__(self, path: str, account: Account | None, budget: Budget, *, hashed: bool = True) -> None:
        """Start at nothing; ``hashed`` False where nobody asks for the hash."""
        self.path = path
        self.account = account
        self.budget = budget
        self.reached = 0
        self.used = 0
        self.longest = budget.limits.file_bytes
        self.watch: Callable[[str, int], None] | None = None
        self.complete = False
        self._hash = hashlib.sha256() if hashed else None

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of the bytes up to ``reached``; empty where none is made."""
        return self._hash.hexdigest() if self._hash else ""

    def take(self, start: int, data: memoryview, used: int) -> None:
        """Account for bytes that begin at ``start``, up to which ``used`` packed bytes were read.

        Raises:
            ArtefactError: a bound is passed.
        """
        end = start + len(data)
        if start <= self.reached < end:
            self._charge(end - self.reached, max(used - self.used, 0))
            if self._hash is not None:
                self._hash.update(data[self.reached - start :])
            if self.watch is not None:
                self.watch(self.path, end - self.reached)
            self.reached, self.used = end, max(used, self.used)
        self._check(end, used)

    def end(self, position: int) -> None:
        """Note that the stream ends at the position."""
        self.complete = self.complete or position == self.reached

    def _charge(self, size: int, used: int) -> None:
        self.budget.bytes += size
        if self.account is not None:
            self.account.charge(size, used)

    def _check(self, end: int, used: int) -> None:
        limits = self.budget.limits
        why = self.budget.spent()
        if not why and self.account is not None:
            why = self.account.over(limits)
            self.budget.broken |= why is not None
        if not why and end > self.longest:
            why = f"longer than {self.longest:,} bytes, the bound for one file; the rest is not read"
        if not why and self.account is not None:
            why = limits.bomb(end, used)
        if why:
            raise ArtefactError(why, where=self.path)


class Measured(io.RawIOBase):
    """A stream whose bytes are tallied, and which can seek even where its container cannot."""

    def __init__(self, opener: Callable[[], RawStream], tally: Tally) -> None:
        """Open the stream.

        Raises:
            ArtefactError: it cannot be opened.
        """
        super().__init__()
        self._opener = opener
        self._tally = tally
        self._position = 0
        self._raw = opener()

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always; going back in a packed stream unpacks it again."""
        return True

    def tell(self) -> int:
        """Give the position."""
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer as far as one read goes.

        Raises:
            ArtefactError: the bytes are damaged, cannot be read, or a bound is passed.
        """
        view = memoryview(buffer).cast("B")
        size = self._filled(view)
        if size:
            self._tally.take(self._position, view[:size], self._raw.used)
            self._position += size
        elif len(view):
            self._tally.end(self._position)
        return size

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to an offset; beyond the end is the end."""
        if self._raw.jump is not None:
            self._position = self._raw.jump(offset, whence)
            return self._position
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
        target = offset + (self._length() if base is None else base)
        if target < self._position:
            self._rewind()
        self._skip_to(target)
        return self._position

    def close(self) -> None:
        """Release the stream."""
        if not self.closed:
            self._raw.close()
        super().close()

    def _filled(self, view: memoryview) -> int:
        """Read, and go over to slower means where the quick ones meet damage."""
        try:
            return self._raw.readinto(view) or 0
        except ArtefactError:
            slower = self._raw.slower
            if slower is None:
                raise
            position, self._opener = self._position, slower
        self._rewind()
        self._skip_to(position)
        return self._filled(view)

    def _rewind(self) -> None:
        self._raw.close()
        self._raw = self._opener()
        self._position = 0

    def _skip_to(self, target: int) -> None:
        buffer = bytearray(BLOCK)
        while self._position < target:
            view = memoryview(buffer)[: min(BLOCK, target - self._position)]
            if not self.readinto(view):
                return

    def _length(self) -> int:
        buffer = bytearray(BLOCK)
        while self.readinto(buffer):
            pass
        return self._position


def head_of(opener: Callable[[], RawStream], tally: Tally, size: int) -> bytes:
    """Read the first bytes and no more.

    Raises:
        ArtefactError: as ``Measured.readinto``, if not one byte could be read.
    """
    head = bytearray(size)
    view, filled = memoryview(head), 0
    with Measured(opener, tally) as stream:
        try:
            while filled < size and (more := stream.readinto(view[filled:])):
                filled += more
        except ArtefactError:
            if not filled:
                raise
    return bytes(view[:filled])


def measured(opener: Callable[[], RawStream], tally: Tally) -> BinaryIO:
    """Open a stream for reading, buffered and tallied.

    Raises:
        ArtefactError: it cannot be opened; or, while it is read, as ``Measured.readinto``.
    """
    return io.BufferedReader(Measured(opener, tally), BLOCK)


def finish(opener: Callable[[], RawStream], tally: Tally) -> None:
    """Read what nobody has read yet, so that the hash covers the whole file.

    Raises:
        ArtefactError: as ``Measured.readinto``.
    """
    if tally.complete:
        return
    with measured(opener, tally) as stream:
        stream.seek(tally.reached)
        buffer = bytearray(BLOCK)
        while stream.readinto(buffer):  # type: ignore[attr-defined]  # BufferedReader has it
            pass
