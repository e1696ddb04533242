"""Lines of a text file of unknown encoding, with true line numbers.

Logs are UTF-8 more often than not, but one code-page byte must not cost a file its lines, and
exports from Windows tools are often UTF-16. An unterminated last line counts as a line. Only LF
ends a line (CRs before it are dropped), so that ``path:line`` agrees with ``grep -n`` and editors:
the number of lines is the number of LFs, plus one if the file does not end in one.
"""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec import Struct

LONGEST_LINE = 1 << 20
"""Characters (UTF-16) or bytes of one line that are looked at; more is read past: the line is cut."""

_BLOCK = 1 << 18
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Readable(Protocol):
    """Anything that gives bytes; fewer than asked for is fine, none is the end."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Give at most ``size`` bytes."""
        ...


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


def read_lines(stream: Readable) -> Iterator[Line]:
    """Yield every line of the stream; memory stays bounded by ``LONGEST_LINE``."""
    # read1 gives what there is before an error is raised, where read would lose it
    take: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
    head = _filled(take, 512)
    encoding, mark = encoding_of(head)
    blocks = itertools.chain([head[mark:]], iter(lambda: take(_BLOCK) or b"", b""))
    if encoding == "utf-8":
        return _byte_lines(blocks)
    return _wide_lines(blocks, encoding)


def line_of(number: int, raw: bytes) -> Line:
    """Give the line that these bytes are, without their LF."""
    return _line(number, decode(raw[:LONGEST_LINE]), len(raw) > LONGEST_LINE)


def decode(raw: bytes) -> str:
    """Decode as UTF-8, or as Windows-1252 when that fails, so that no byte is lost to view."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="backslashreplace")


def _filled(take: Callable[[int], bytes | None], size: int) -> bytes:
    data = b""
    while len(data) < size and (more := take(size - len(data))):
        data += more
    return data


def _byte_lines(blocks: Iterator[bytes]) -> Iterator[Line]:
    number, tail = 0, b""
    for block in blocks:
        whole, found, rest = block.rpartition(b"\n")
        if not found:
            tail = _bounded(tail + rest)
            continue
        for line in _decoded(tail + whole, number):
            yield line
            number = line.number
        tail = rest
    if tail:
        yield from _decoded(tail, number)


def _bounded(tail: bytes) -> bytes:
    """Keep one byte more than a line may have: that byte is the mark of a cut line."""
    return tail if len(tail) <= LONGEST_LINE else tail[: LONGEST_LINE + 1]


def _decoded(block: bytes, before: int) -> Iterator[Line]:
    """Yield the lines of a block that ends where a line ends, at once if all of it is plain."""
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or len(block) > LONGEST_LINE or "\0" in text or "\ufeff" in text:
        pieces = enumerate(block.split(b"\n"), before + 1)
        return (_line(number, decode(raw[:LONGEST_LINE]), len(raw) > LONGEST_LINE) for number, raw in pieces)
    if "\r" in text:
        return (Line(n, piece.rstrip("\r")) for n, piece in enumerate(text.split("\n"), before + 1))
    return itertools.starmap(Line, enumerate(text.split("\n"), before + 1))


def _wide_lines(blocks: Iterator[bytes], encoding: str) -> Iterator[Line]:
    decoder = codecs.getincrementaldecoder(encoding)("backslashreplace")
    number, tail = 0, ""
    for block in itertools.chain(blocks, [b""]):
        pieces = (tail + decoder.decode(block, final=not block)).split("\n")
        tail = pieces.pop()[: LONGEST_LINE + 1]
        for piece in pieces:
            number += 1
            yield _line(number, piece[:LONGEST_LINE], len(piece) > LONGEST_LINE)
    if tail:
        yield _line(number + 1, tail[:LONGEST_LINE], len(tail) > LONGEST_LINE)


def _line(number: int, text: str, cut: bool) -> Line:  # noqa: FBT001 - three plain columns
    """Make a line: padding and line end removed, and the mark of a file appended to another."""
    plain = text.replace("\0", "")
    return Line(number, plain.rstrip("\r").removeprefix("\ufeff"), cut, len(plain) != len(text))
