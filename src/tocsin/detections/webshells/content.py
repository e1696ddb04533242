"""A file's bytes as far as they are looked at, with the hash and the size of the whole."""

from __future__ import annotations

import hashlib
from contextlib import closing

from msgspec import Struct

from tocsin.errors import ArtefactError
from tocsin.evidence.source import Source

LARGEST = 16 << 20
"""Bytes of a file that are looked at; no page that people wrote is larger."""
_BLOCK = 1 << 20


class Content(Struct, frozen=True, kw_only=True):
    """What there is of a file.

    Attributes:
        data: its first ``LARGEST`` bytes.
        sha256: of all its bytes; empty if it could not be read to its end.
        size: of all its bytes, or of those that could be read.
        fault: why it could not be read to its end, or empty.
    """

    data: bytes
    sha256: str
    size: int
    fault: str = ""

    @property
    def left(self) -> str:
        """What of it is not looked at, in words, or empty."""
        if self.fault:
            return f"only {self.size:,} bytes of it could be read: {self.fault}"
        if self.size > len(self.data):
            return f"only its first {len(self.data):,} of {self.size:,} bytes were looked at"
        return ""


def content_of(source: Source) -> Content:
    """Read a file to its end, or as far as it can be read; no more than ``LARGEST`` bytes of it are held.

    Raises:
        ArtefactError: nothing of it can be read.
    """
    data, digest, size, fault = bytearray(), hashlib.sha256(), 0, ""
    with closing(source.open()) as stream:
        try:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
                data += block[: LARGEST - len(data)]
        except ArtefactError as error:
            if not data:
                raise
            fault = error.what
    return Content(data=bytes(data), sha256="" if fault else digest.hexdigest(), size=size, fault=fault)


def held(data: bytes) -> Content:
    """Give the content of a file whose bytes are at hand."""
    return Content(data=data[:LARGEST], sha256=hashlib.sha256(data).hexdigest(), size=len(data))
