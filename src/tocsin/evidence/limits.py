"""Bounds on everything that comes from outside: evidence is written by strangers, some hostile.

A bound that one entry breaks costs that entry. A bound that the whole breaks (bytes in all, files,
seconds) stops the reading there, and every entry that is left is accounted as skipped: half an
answer that says where it ends serves a responder better than none. Only a container that cannot
even be listed within its bound raises ``LimitExceeded``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


class Limits(Struct, frozen=True, kw_only=True):
    """How much of the evidence is read at most.

    Attributes:
        files: entries in the evidence, containers inside it included.
        total_bytes: bytes that reading produces, unpacked, in all.
        file_bytes: bytes of one file, unpacked.
        ratio: unpacked bytes for one packed byte. Real logs reach 51, a bomb about 1,000.
        ratio_from: unpacked bytes before ``ratio`` is judged: short files of zeros are common.
        nesting: containers within containers; the evidence itself is the first.
        path_depth: folders in one name.
        path_length: characters in one name.
        spool_bytes: bytes of a container inside a container, which is held in a temporary file.
        seconds: time from opening to the last byte.
    """

    files: int = 1_000_000
    total_bytes: int = 512 * GIB
    file_bytes: int = 64 * GIB
    ratio: int = 400
    ratio_from: int = 64 * MIB
    nesting: int = 3
    path_depth: int = 64
    path_length: int = 4_096
    spool_bytes: int = 4 * GIB
    seconds: float = 24 * 3600.0


class Budget:
    """What is left of the bounds on the whole evidence."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock."""
        self.limits = limits
        self.files = 0
        self.bytes = 0
        self._clock = clock
        self._deadline = clock() + limits.seconds

    def spent(self) -> str | None:
        """Say which bound on the whole is used up, or None."""
        if self.bytes > self.limits.total_bytes:
            return f"the bound of {self.limits.total_bytes:,} bytes for the whole evidence is used up"
        if self.files > self.limits.files:
            return f"the bound of {self.limits.files:,} files for the whole evidence is used up"
        if self._clock() > self._deadline:
            return f"the bound of {self.limits.seconds:,.0f} seconds for the whole evidence is used up"
        return None
