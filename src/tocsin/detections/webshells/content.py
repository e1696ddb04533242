"""A file's bytes as far as they are looked at, with the hash and the size of the whole."""

from __future__ import annotations

import hashlib
from contextlib import closing

from msgspec import Struct

from tocsin.evidence.source import Source

LARGEST = 16 << 20
"""Bytes of a file that are looked at; no page that people wrote is larger."""
_BLOCK = 1 << 20


class Content(Struct, frozen=True, kw_only=True):
    """What there is of a file.

    Attributes:
        data: its first ``LARGEST`` bytes.
        sha256: of all its bytes.
        size: of all its bytes.
    """

    data: bytes
    sha256: str
    size: int

    @property
    def cut(self) -> bool:
        """Whether there is more of it than is looked at."""
        return self.size > len(self.data)


def content_of(source: Source) -> Content:
    """Read a file to its end; no more than ``LARGEST`` bytes of it are held.

    Raises:
        ArtefactError: it cannot be read to its end.
    """
    data, digest, size = bytearray(), hashlib.sha256(), 0
    with closing(source.open()) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            data += block[: LARGEST - len(data)]
    return Content(data=bytes(data), sha256=digest.hexdigest(), size=size)


def held(data: bytes) -> Content:
    """Give the content of a file whose bytes are at hand."""
    return Content(data=data[:LARGEST], sha256=hashlib.sha256(data).hexdigest(), size=len(data))
