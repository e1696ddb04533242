"""A text file as blocks of characters, for formats in which a line says nothing.

One line of an export may hold a whole log, so reading by line would not bound memory.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from tocsin.evidence.lines import encoding_of

_BLOCK = 1 << 17
_HANDLER = "tocsin.cp1252"


def read_blocks(stream: BinaryIO) -> Iterator[str]:
    """Yield the text in blocks of up to 128 KiB, without NUL.

    UTF-8 or UTF-16; a byte that does not fit UTF-8 is read as Windows-1252.
    """
    head = stream.read(512)
    encoding, mark = encoding_of(head)
    decoder = codecs.getincrementaldecoder(encoding)(_HANDLER if encoding == "utf-8" else "replace")
    data = head[mark:]
    while data:
        if text := decoder.decode(data).replace("\0", ""):
            yield text
        data = stream.read(_BLOCK)
    if text := decoder.decode(b"", True).replace("\0", ""):
        yield text


def _as_windows(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    bad = fault.object[fault.start : fault.end]
    return bad.decode("cp1252", "backslashreplace"), fault.end


codecs.register_error(_HANDLER, _as_windows)
