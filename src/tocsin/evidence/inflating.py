"""Deflate, unpacked piece by piece: by igzip where it is installed, by zlib everywhere else.

igzip (package ``isal``) takes half the time of zlib. On sound bytes the two agree. On damaged ones each stops
somewhere else, and loses what it held; so damage that igzip meets is for the slower way to judge, which
goes back to before it and on byte by byte, so that nothing is lost that can be had.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

CHUNK = 1 << 16
"""Packed bytes taken at a time."""

_RAW = -zlib.MAX_WBITS
QUICK = find_spec("isal") is not None
"""Whether igzip is installed."""
_FAST: Any = import_module("isal.isal_zlib") if QUICK else zlib
DAMAGE: tuple[type[Exception], ...] = (zlib.error, _FAST.error)
"""What unpackers raise on damaged bytes."""


def crc32(data: bytes, before: int = 0) -> int:
    """Give the CRC-32 of bytes that follow others."""
    return int(_FAST.crc32(data, before))


class Inflating:
    """The unpacked bytes of one raw deflate stream (RFC 1951).

    Attributes:
        ended: its end mark was met.
        held: packed bytes that were taken and are not used yet; after the end those that follow it.
        crc: CRC-32 of the bytes given.
        given: their number.
    """

    def __init__(self, take: Callable[[int], bytes], held: bytes = b"", *, quick: bool = QUICK) -> None:
        """Begin with the bytes held; ``take`` gives more of them, at most so many, none at the end."""
        self.ended = False
        self.held = held
        self.crc = 0
        self.given = 0
        self._take = take
        self._quick = quick
        self._unpacker: Any = (_FAST if quick else zlib).decompressobj(wbits=_RAW)
        self._crawling = False
        self._ready = b""
        self._failure: zlib.error | None = None

    def read(self, most: int) -> bytes:
        """Give the next bytes, at most so many; none where the stream ends or is cut short.

        Raises:
            zlib.error: (one of ``DAMAGE``) they are damaged; the slower way gave all that is before that.
        """
        data = self._next(most)
        self.crc = crc32(data, self.crc)
        self.given += len(data)
        return data

    def _next(self, most: int) -> bytes:
        while not (self.ended or self._ready):
            packed = self.held or self._take(CHUNK)
            self._ready = self._crawl(packed, most) if self._crawling else self._walk(packed, most)
            if not packed:
                break
        data, self._ready = self._ready[:most], self._ready[most:]
        return data

    def _walk(self, packed: bytes, most: int) -> bytes:
        before = None if self._quick else self._unpacker.copy()
        try:
            return self._unpack(packed, most)
        except zlib.error:
            if before is None:
                raise
            self._unpacker, self._crawling, self.held = before, True, packed
            return b""

    def _unpack(self, packed: bytes, most: int) -> bytes:
        unpacker = self._unpacker
        data: bytes = unpacker.decompress(packed, most)
        self.ended = unpacker.eof
        self.held = unpacker.unused_data if self.ended else unpacker.unconsumed_tail
        return data

    def _crawl(self, packed: bytes, most: int) -> bytes:
        """Go on byte by byte up to the damage, which is told when what stands before it has been given."""
        if self._failure is not None:
            raise self._failure
        found, at = bytearray(), 0
        try:
            while at < len(packed) and len(found) < most:
                at += 1
                found += self._unpacker.decompress(packed[at - 1 : at])
        except zlib.error as error:
            self._failure = error
        self.held = packed[at:]
        return bytes(found)
