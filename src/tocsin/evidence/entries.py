"""What a folder and a container have in common: they list entries, and say what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from tocsin.evidence.limits import Account
from tocsin.model.coverage import Skipped


class RawStream(Protocol):
    """Unbuffered bytes, from the start to the end."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as one read goes; 0 is the end."""
        ...

    @property
    def used(self) -> int:
        """Packed bytes used up so far; nothing where nothing is packed."""
        ...

    @property
    def jump(self) -> Callable[[int, int], int] | None:
        """``seek``, or None where the bytes can only be read forward."""
        ...

    @property
    def slower(self) -> Callable[[], RawStream] | None:
        """Open the same bytes by means that get further in damaged ones, or None if these do that."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class Entry(Struct, frozen=True, kw_only=True):
    """One file as its folder or container lists it; nothing of it has been read.

    Attributes:
        path: its name in the evidence, as in ``Source.path``.
        inner: its name in the folder or container that lists it.
        size: bytes as stated.
        modified: time of last change as stated, aware UTC, or None.
        packed: bytes that it takes where it lies.
        account: counts what its container unpacks to, or None in a folder.
        open: opens the bytes, unmeasured. Raises ArtefactError.
    """

    path: str
    inner: str
    size: int
    modified: datetime | None
    packed: int
    account: Account | None
    open: Callable[[], RawStream]


Skip = Callable[[Skipped], None]
"""Takes the account of an entry that is not given."""
