"""A ``.zst`` file, read as the file that it holds (RFC 8878).

It is unpacked block by block: a block gives 128 KiB at most, whatever a stranger wrote into it, and a
file that is cut short is seen to be so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from tocsin.errors import ArtefactError

if sys.version_info >= (3, 14):
    from compression import zstd

    _DAMAGE: type[Exception] = zstd.ZstdError
else:
    import zstandard

    _DAMAGE = zstandard.ZstdError

_MAGIC, _SKIPPABLE = 0xFD2FB528, 0x184D2A50
_WINDOW_LOG = 27
"""Of the widest window that is held in memory: 128 MiB, as ``zstd -d`` holds without being told."""
_CUT = "it ends before its end mark"
_RLE, _RESERVED = 1, 3
_DICTIONARY = (0, 1, 2, 4)
_CONTENT = (0, 2, 4, 8)
_MOST_SKIPPED = 1 << 16


class ZstdStream:
    """The unpacked bytes of a ``.zst`` file: forward only, since going back means unpacking again."""

    jump = None
    slower = None

    def __init__(self, opener: Callable[[], BinaryIO], name: str) -> None:
        """Open the packed bytes."""
        self._packed = opener()
        self._name = name
        self._frame: Any = None
        self._summed = False
        self._ready = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        """Unpack the next bytes.

        Raises:
            ArtefactError: they are damaged, need too much memory, or the file ends before its end mark.
        """
        try:
            while not self._ready and (packed := self._piece()):
                self._ready = memoryview(self._unpacked(packed))
        except (EOFError, _DAMAGE) as error:
            raise ArtefactError(f"damaged or cut short ({error})", where=self._name) from error
        size = min(len(self._ready), len(buffer))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    @property
    def used(self) -> int:
        """Packed bytes used up so far."""
        return self._packed.tell()

    def close(self) -> None:
        """Release the packed bytes."""
        self._packed.close()

    def _unpacked(self, packed: bytes) -> bytes:
        data: bytes = self._frame.decompress(packed)
        if self._frame.eof:
            self._frame = None
        return data

    def _piece(self) -> bytes:
        """Give the next frame header or block; nothing at the end of the last frame."""
        return self._begin() if self._frame is None else self._block()

    def _begin(self) -> bytes:
        while mark := self._packed.read(4):
            number = int.from_bytes(mark, "little")
            if len(mark) == 4 and number == _MAGIC:  # noqa: PLR2004 - bytes of a mark
                self._frame = _unpacker()
                return mark + self._header()
            if len(mark) < 4:  # noqa: PLR2004 - as above
                raise EOFError(_CUT)
            if number & ~0xF != _SKIPPABLE:
                raise EOFError("what follows is no Zstandard frame")
            self._skip(int.from_bytes(self._exactly(4), "little"))
        return b""

    def _header(self) -> bytes:
        first = self._exactly(1)
        single, self._summed = first[0] & 0x20, bool(first[0] & 4)
        rest = _DICTIONARY[first[0] & 3] + (_CONTENT[first[0] >> 6] or bool(single))
        return first + self._exactly(rest + (0 if single else 1))

    def _block(self) -> bytes:
        head = self._exactly(3)
        number = int.from_bytes(head, "little")
        last, kind, size = number & 1, number >> 1 & 3, number >> 3
        if kind == _RESERVED:
            raise EOFError("a block of an unknown type")
        block = head + self._exactly(1 if kind == _RLE else size)
        return block + self._exactly(4) if last and self._summed else block

    def _skip(self, size: int) -> None:
        while size:
            size -= len(self._exactly(min(size, _MOST_SKIPPED)))

    def _exactly(self, size: int) -> bytes:
        data = self._packed.read(size)
        if len(data) < size:
            raise EOFError(_CUT)
        return data


if sys.version_info >= (3, 14):

    def _unpacker() -> Any:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})

else:

    def _unpacker() -> Any:
        return zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).decompressobj()
