"""Bounds on everything that comes from outside: evidence is written by strangers, some hostile.

A bound that one entry breaks costs that entry. A bound that the whole breaks (bytes in all,
seconds) stops the reading there, and every entry that is left is accounted as skipped: half an
answer that says where it ends serves a responder better than none. Only evidence that cannot even
be listed within its bounds raises ``LimitExceeded``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


class Limits(Struct, frozen=True, kw_only=True):
    """How much of the evidence is read at most.

    Attributes:
        files: entries in all, those inside containers included, whether given or left out.
        total_bytes: bytes that reading produces, unpacked, in all.
        file_bytes: bytes of one file, unpacked.
        ratio: unpacked bytes for one packed byte. Real logs reach 51, a bomb about 1,000.
        ratio_from: unpacked bytes before ``ratio`` is judged: short files of zeros are common.
        nesting: containers within one another; a zip that is the evidence itself is the first.
        path_depth: folders in one name.
        path_length: characters in one name.
        list_bytes: bytes of a container's list of members, which is held in memory.
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
    list_bytes: int = 512 * MIB
    spool_bytes: int = 8 * GIB
    seconds: float = 24 * 3600.0

    def bomb(self, unpacked: int, packed: int) -> str | None:
        """Say that so few packed bytes may not become so many unpacked ones, or None."""
        if unpacked <= self.ratio_from or unpacked <= self.ratio * max(packed, 1):
            return None
        return (
            f"unpacks to more than {self.ratio} times its size, as a decompression bomb does"
            f" ({packed:,} bytes became {unpacked:,})"
        )


class Account:
    """Counts what one container unpacks to, over all its entries, for the ratio of the whole."""

    def __init__(self, packed: int, parent: Account | None = None) -> None:
        """Take the container's size and, if it lies in another container, that one's account."""
        self.packed = packed
        self.used = 0
        self.unpacked = 0
        self.parent = parent

    def charge(self, unpacked: int, used: int) -> None:
        """Add bytes that were unpacked, and the packed ones that were used up for them."""
        self.unpacked += unpacked
        self.used += used
        if self.parent is not None:
            self.parent.charge(unpacked, used)

    def over(self, limits: Limits) -> str | None:
        """Say why no more may be unpacked, or None."""
        why = limits.bomb(self.unpacked, min(self.packed, self.used))
        if why:
            return f"its container {why}"
        return self.parent.over(limits) if self.parent is not None else None


class Budget:
    """What is left of the bounds on the whole evidence.

    Attributes:
        limits: the bounds.
        files: entries met so far.
        bytes: bytes read so far, unpacked.
        broken: whether a bound on bytes, files or a container as a whole was met: from there on it
            matters in which order files are read.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock."""
        self.limits = limits
        self.files = 0
        self.bytes = 0
        self.broken = False
        self._clock = clock
        self._deadline = clock() + limits.seconds

    @property
    def seconds_left(self) -> float:
        """Time until the bound on seconds."""
        return self._deadline - self._clock()

    def spent(self) -> str | None:
        """Say which bound on the whole is used up, or None."""
        if self.bytes > self.limits.total_bytes:
            self.broken = True
            return f"the bound of {self.limits.total_bytes:,} bytes for the whole evidence is used up"
        if self.files > self.limits.files:
            self.broken = True
            return f"the bound of {self.limits.files:,} files for the whole evidence is used up"
        if self._clock() > self._deadline:
            return f"the bound of {self.limits.seconds:,.0f} seconds for the whole evidence is used up"
        return None
