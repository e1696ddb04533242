"""A ``.gz`` file, as log rotation leaves it, read as the file that it holds (RFC 1952)."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from tocsin.errors import ArtefactError
from tocsin.evidence.inflating import CHUNK, DAMAGE, QUICK, Inflating

_MAGIC, _DEFLATE = b"\x1f\x8b", 8
_HEADER_CRC, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16
_LONGEST_TEXT = 1 << 16
_DAMAGE: tuple[type[Exception], ...] = (EOFError, OSError, *DAMAGE)
_CUT = "Compressed file ended before the end-of-stream marker was reached"


class GzipStream:
    """The unpacked bytes of a ``.gz`` file: forward only, since going back means unpacking again."""

    jump = None

    def __init__(self, opener: Callable[[], BinaryIO], name: str, *, quick: bool = QUICK) -> None:
        """Open the packed bytes."""
        self._opener = opener
        self._packed = opener()
        self._name = name
        self._quick = quick
        self._held = b""
        self._member: Inflating | None = None
        self._first = True

    @property
    def slower(self) -> Callable[[], GzipStream] | None:
        """Open the same bytes by means that get further in damaged ones."""
        return partial(GzipStream, self._opener, self._name, quick=False) if self._quick else None

    def readinto(self, buffer: memoryview, /) -> int:
        """Unpack the next bytes.

        Raises:
            ArtefactError: they are damaged, or the file ends before its end mark.
        """
        try:
            data = self._next(len(buffer))
        except _DAMAGE as error:
            raise ArtefactError(f"damaged or cut short ({error})", where=self._name) from error
        buffer[: len(data)] = data
        return len(data)

    @property
    def used(self) -> int:
        """Packed bytes used up so far."""
        return self._packed.tell() - len(self._held if self._member is None else self._member.held)

    def close(self) -> None:
        """Release the packed bytes."""
        self._packed.close()

    def _next(self, most: int) -> bytes:
        while most:
            if self._member is None:
                if not self._more():
                    break
                self._header()
                self._member = Inflating(self._take, self._held, quick=self._quick)
            data = self._member.read(most)
            if data:
                return data
            self._trailer(self._member)
        return b""

    def _more(self) -> bool:
        """Tell whether a member follows; zeros that a tape or a block device left are passed over."""
        while not self._held:
            data = self._take(CHUNK)
            if not data:
                return False
            self._held = data if self._first else data.lstrip(b"\0")
        self._first = False
        return True

    def _header(self) -> None:
        magic = self._exactly(2)
        if magic != _MAGIC:
            raise gzip.BadGzipFile(f"Not a gzipped file ({magic!r})")
        method, flags = struct.unpack("<BB6x", self._exactly(8))
        if method != _DEFLATE:
            raise gzip.BadGzipFile("Unknown compression method")
        if flags & _EXTRA:
            self._exactly(struct.unpack("<H", self._exactly(2))[0])
        for flag in (_NAME, _COMMENT):
            if flags & flag:
                self._text()
        if flags & _HEADER_CRC:
            self._exactly(2)

    def _trailer(self, member: Inflating) -> None:
        self._member, self._held = None, member.held
        if not member.ended:
            raise EOFError(_CUT)
        crc, size = struct.unpack("<II", self._exactly(8))
        if crc != member.crc:
            raise gzip.BadGzipFile(f"CRC check failed {crc:#x} != {member.crc:#x}")
        if size != member.given & 0xFFFFFFFF:
            raise gzip.BadGzipFile("Incorrect length of data produced")
        self._held = self._held.lstrip(b"\0")

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            data = self._take(CHUNK)
            if not data:
                raise EOFError(_CUT)
            self._held += data
        found, self._held = self._held[:size], self._held[size:]
        return found

    def _text(self) -> None:
        """Pass over a text that ends in NUL."""
        for _ in range(_LONGEST_TEXT):
            if self._exactly(1) == b"\0":
                return
        raise gzip.BadGzipFile("A name in the header does not end")

    def _take(self, most: int) -> bytes:
        return self._packed.read1(most)  # type: ignore[attr-defined,no-any-return]  # buffered streams have it
