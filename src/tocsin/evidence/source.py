"""One file of the evidence, as artefact modules see it: named, sized, readable, never writable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from typing import BinaryIO

from msgspec import Struct

from tocsin.errors import ArtefactError
from tocsin.evidence.layout import is_shadow_copy
from tocsin.evidence.lines import Line, read_lines

HEAD = 8192
"""Bytes that ``recognise`` may look at."""


class Source(Struct, frozen=True, kw_only=True):
    """One file of the evidence.

    Attributes:
        path: its name in the evidence, relative to the root, forward slashes; goes into locators.
        where: its place on the server's disk as far as the layout tells: lower case, forward
            slashes, no drive and no collector's prefix, such as
            ``inetpub/logs/logfiles/w3svc1/u_ex210303.log``.
        size: bytes as the container states them; the real number may differ.
        modified: the time of last change that the container states, aware UTC, or None.
        opener: opens the bytes for reading, from the start, any number of times.
        head: the first ``HEAD`` bytes.
    """

    path: str
    where: str
    size: int
    modified: datetime | None
    opener: Callable[[], BinaryIO]
    head: bytes

    @property
    def name(self) -> str:
        """The last part of ``where``: lower case."""
        return self.where.rpartition("/")[2]

    @property
    def shadow_copy(self) -> bool:
        """Whether it stood in a shadow copy of the disk: how the server was, not how it is."""
        return is_shadow_copy(self.where)

    def open(self) -> BinaryIO:
        """Open the bytes for reading. The caller closes."""
        return self.opener()

    def read(self, limit: int) -> bytes:
        """Read the whole file.

        Raises:
            ArtefactError: the file is longer than ``limit`` bytes.
        """
        data = bytearray()
        with closing(self.open()) as stream:
            while len(data) <= limit and (block := stream.read(min(1 << 20, limit + 1 - len(data)))):
                data += block
        if len(data) > limit:
            raise ArtefactError(
                f"longer than {limit:,} bytes, which is the bound for files that are read whole",
                where=self.path,
                remedy="Look at this file by hand.",
            )
        return bytes(data)

    def lines(self) -> Iterator[Line]:
        """Yield the file's lines, decoded, numbered from 1."""
        with closing(self.open()) as stream:
            yield from read_lines(stream)
