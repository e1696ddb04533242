"""The head of a file as text: what recognising a format needs, decoded once for all modules."""

from __future__ import annotations

import re
from functools import lru_cache

from tocsin.evidence.globs import fits
from tocsin.evidence.lines import decode, encoding_of
from tocsin.evidence.source import HEAD, Source
from tocsin.model.words import Confidence

_NUL_RUN = re.compile(rb"\x00{32,}")
_CONTROL = bytes(set(range(32)) - {0x09, 0x0A, 0x0C, 0x0D, 0x1B})
_MOST_CONTROL = 0.05


@lru_cache(maxsize=16)
def is_text(head: bytes) -> bool:
    """Tell whether the head can be text.

    Runs of NUL, as a crash leaves them in a log, do not count; an empty file is text.
    """
    encoding, mark = encoding_of(head)
    if encoding != "utf-8":
        return True
    rest = _NUL_RUN.sub(b"", head[mark:])
    if head and not rest:
        return False
    odd = len(rest) - len(rest.translate(None, _CONTROL))
    return b"\0" not in rest and odd <= _MOST_CONTROL * len(rest)


@lru_cache(maxsize=16)
def head_lines(head: bytes) -> tuple[str, ...]:
    """Give the head's lines, decoded, without NUL, of a text; the last is dropped if the head cuts it."""
    if not is_text(head):
        return ()
    encoding, mark = encoding_of(head)
    body = head[mark:]
    if encoding != "utf-8":
        text = body.decode(encoding, "backslashreplace")
        lines = text.replace("\0", "").split("\n")
    else:
        lines = [decode(raw) for raw in body.replace(b"\0", b"").split(b"\n")]
    if len(head) >= HEAD and len(lines) > 1:
        lines.pop()
    return tuple(line.rstrip("\r") for line in lines)


def by_location(source: Source, found_at: tuple[str, ...]) -> Confidence:
    """Say how sure the place alone makes a log's module; a head of NUL alone may be a damaged log."""
    possible = is_text(source.head) or not source.head.strip(b"\0")
    return Confidence.LOCATION if possible and fits(source.where, found_at) else Confidence.NO
