"""What a folder and a container have in common: they list entries, and say what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

from msgspec import Struct

from tocsin.model.coverage import Skipped


class Entry(Struct, frozen=True, kw_only=True):
    """One file as its folder or container lists it; nothing of it has been read.

    Attributes:
        path: its name in the evidence, as in ``Source.path``.
        inner: its name in the folder or container that lists it.
        size: bytes as stated.
        modified: time of last change as stated, aware UTC, or None.
        packed: bytes that it takes in the container, or None where nothing is packed.
        open: opens the bytes, unbuffered or buffered, unmeasured. Raises ArtefactError.
    """

    path: str
    inner: str
    size: int
    modified: datetime | None
    packed: int | None
    open: Callable[[], BinaryIO]


Skip = Callable[[Skipped], None]
"""Takes the account of an entry that is not given."""
