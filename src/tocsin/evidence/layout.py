"""Where a file of the evidence stood on the server's disk, whatever collected it."""

from __future__ import annotations

from msgspec import Struct


class Place(Struct, frozen=True):
    """A place on the server's disk.

    Attributes:
        where: lower case, forward slashes, no drive, no collector's prefix.
        on_disk: the layout says that this is a path of the disk, from a drive's root.
    """

    where: str
    on_disk: bool


def place_of(path: str) -> Place:
    """Give the place of a file from its name in the evidence."""
    parts = [part.lower() for part in path.replace("\\", "/").split("/") if part not in {"", "."}]
    for index, part in enumerate(parts[:-1]):
        if len(part.rstrip(":")) == 1 and part[0].isalpha():
            return Place("/".join(parts[index + 1 :]), True)
    return Place("/".join(parts), False)
