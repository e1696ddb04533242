"""Containers inside the evidence, kept open while they are in use and spooled at need.

A container that lies in another is copied to a temporary file without a name, which vanishes
with the process; only a few are held at a time, and one that comes back into use is copied again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import BinaryIO, cast

from tocsin.errors import ArtefactError
from tocsin.evidence.archive import Archive
from tocsin.evidence.entries import Entry
from tocsin.evidence.limits import MIB, Limits
from tocsin.evidence.measured import BLOCK, Tally, measured

_HELD = 4
_IN_MEMORY = 16 * MIB


class Shelf:
    """The open containers, the one used last at the end."""

    def __init__(self) -> None:
        """Begin empty."""
        self._open: dict[str, Archive] = {}

    def get(self, name: str, opener: Callable[[], Archive]) -> Archive:
        """Give the container of that name, opening it if it is not open.

        Raises:
            EvidenceError: it cannot be listed.
            ArtefactError: it cannot be read.
        """
        archive = self._open.pop(name, None) or opener()
        self._open[name] = archive
        self._make_room()
        return archive

    def close(self) -> None:
        """Close every container."""
        while self._open:
            self._open.popitem()[1].close()

    def _make_room(self) -> None:
        idle = [name for name, archive in self._open.items() if not archive.busy][:-1]
        for name in idle[: max(len(self._open) - _HELD, 0)]:
            self._open.pop(name).close()


def open_archive(entry: Entry, tally: Tally, limits: Limits) -> Archive:
    """Open the container that an entry is.

    Raises:
        EvidenceError: it cannot be listed.
        ArtefactError: it cannot be read, or is longer than may be spooled.
    """
    if entry.account is None:
        return Archive(measured(entry.open, tally), entry.size, entry.path, limits)
    spool, size = _spooled(entry, tally, limits)
    return Archive(spool, size, entry.path, limits)


def _spooled(entry: Entry, tally: Tally, limits: Limits) -> tuple[BinaryIO, int]:
    spool = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - the archive closes it
    try:
        return spool, _fill(spool, entry, tally, limits)
    except OSError as error:
        spool.close()
        raise ArtefactError(
            f"a container in a container, and the temporary folder cannot hold it ({error})",
            where=entry.path,
            remedy="Make room, or unpack the outer container into a folder.",
        ) from error
    except ArtefactError:
        spool.close()
        raise


def _fill(spool: BinaryIO, entry: Entry, tally: Tally, limits: Limits) -> int:
    size = 0
    with measured(entry.open, tally) as stream:
        while block := stream.read(BLOCK):
            size += len(block)
            if size > limits.spool_bytes:
                raise ArtefactError(
                    f"a container in a container, longer than {limits.spool_bytes:,} bytes", where=entry.path
                )
            spool.write(block)
    return size
