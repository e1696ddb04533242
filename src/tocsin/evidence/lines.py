"""Lines of a text file of unknown encoding, with true line numbers.

Logs are UTF-8 more often than not, but one code-page byte must not cost a file its lines, and
exports from Windows tools are often UTF-16. An unterminated last line counts as a line. Only LF
ends a line (a CR before it is dropped), so that ``path:line`` agrees with every editor.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

LONGEST_LINE = 1 << 20
"""Bytes of one line that are looked at; the rest is read past, and the line is marked cut."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Line(Struct, frozen=True, gc=False):
    """One line, without its line end.

    Attributes:
        number: 1-based.
        text: decoded; NUL padding is removed.
        cut: the line was longer than ``LONGEST_LINE`` and is incomplete.
        padded: the line held NUL bytes, as a crash leaves them.
    """

    number: int
    text: str
    cut: bool = False
    padded: bool = False


def encoding_of(head: bytes) -> tuple[str, int]:
    """Give the encoding and the length of the byte-order mark.

    Without a mark, alternate NUL bytes among the first 512 mean UTF-16; otherwise it is UTF-8,
    and single lines fall back to Windows-1252.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    sample = head[:512]
    half = len(sample) // 2
    if half >= 8:  # noqa: PLR2004 - fewer characters prove nothing
        if sample[1::2].count(0) > 0.7 * half and sample[::2].count(0) < 0.1 * half:
            return "utf-16-le", 0
        if sample[::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
            return "utf-16-be", 0
    return "utf-8", 0


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield every line of the stream; memory stays bounded by ``LONGEST_LINE``."""
    buffered = io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream
    head = buffered.read(512)
    encoding, mark = encoding_of(head)
    rest = _Joined(head[mark:], buffered)
    if encoding == "utf-8":
        yield from _byte_lines(rest)
    else:
        reader = codecs.getreader(encoding)(rest, "backslashreplace")
        yield from _wide_lines(reader)


def decode(raw: bytes) -> str:
    """Decode as UTF-8, or as Windows-1252 when that fails, so that no byte is lost to view."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="backslashreplace")


def _byte_lines(stream: _Joined) -> Iterator[Line]:
    number = 0
    while raw := stream.readline(LONGEST_LINE):
        number += 1
        cut = len(raw) == LONGEST_LINE and not raw.endswith(b"\n")
        if cut:
            _read_past(stream)
        padded = b"\0" in raw
        if padded:
            raw = raw.replace(b"\0", b"")
        yield Line(number, decode(raw.rstrip(b"\r\n")), cut, padded)


def _read_past(stream: _Joined) -> None:
    while (more := stream.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
        pass


def _wide_lines(reader: codecs.StreamReader) -> Iterator[Line]:
    pending, number = "", 0
    while chunk := reader.read(65_536):
        pieces = (pending + chunk).split("\n")
        pending = pieces.pop()
        for piece in pieces:
            number += 1
            yield _wide_line(number, piece)
        if len(pending) > LONGEST_LINE:
            pending = pending[: LONGEST_LINE + 1]
    if pending:
        yield _wide_line(number + 1, pending)


def _wide_line(number: int, text: str) -> Line:
    cut = len(text) > LONGEST_LINE
    padded = "\0" in text
    return Line(number, text[:LONGEST_LINE].rstrip("\r").replace("\0", ""), cut, padded)


class _Joined(io.RawIOBase):
    """The bytes already read, followed by the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        first = self._head.read(size)
        if size < 0:
            return first + self._rest.read()
        return first + self._rest.read(size - len(first)) if len(first) < size else first

    def readline(self, size: int | None = -1, /) -> bytes:
        limit = -1 if size is None else size
        first = self._head.readline(limit)
        if first.endswith(b"\n") or len(first) == limit:
            return first
        return first + self._rest.readline(limit - len(first) if limit >= 0 else -1)
