"""A folder as a zip whose bytes depend on nothing but the files: names sorted, times in UTC."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

_CHUNK = 1 << 20
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
"""The first moment that a zip can state."""


class Listed(Struct, frozen=True, kw_only=True):
    """One file of the collection: path with forward slashes, bytes, SHA-256, last change in UTC."""

    path: str
    bytes: int
    sha256: str
    changed: datetime


class Member(Struct, frozen=True, kw_only=True):
    """A member that a zip can hold and a folder cannot.

    ``name`` is written as it is; ``content`` of a ``link`` is where it leads.
    """

    name: str
    content: bytes
    link: bool = False


def files(root: Path) -> Iterator[Path]:
    """Yield every file and link below a folder, sorted by path as text."""
    found = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    links = [Path(folder, name) for folder, names, _ in os.walk(root) for name in names]
    yield from sorted(
        (*found, *(link for link in links if link.is_symlink())),
        key=lambda path: path.relative_to(root).as_posix(),
    )


def listing(root: Path) -> tuple[Listed, ...]:
    """List every file below a folder; links are left out."""
    return tuple(_listed(root, path) for path in files(root) if not path.is_symlink())


def _listed(root: Path, path: Path) -> Listed:
    info = path.stat()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    changed = datetime.fromtimestamp(int(info.st_mtime), UTC)
    return Listed(path=path.relative_to(root).as_posix(), bytes=info.st_size, sha256=digest, changed=changed)


def pack(root: Path, archive: Path, further: Sequence[Member] = (), *, at: datetime = _EARLIEST) -> None:
    """Write the folder as a zip; each entry states its time of change in UTC (extra field ``UT``).

    ``further`` members come after those of the folder, changed ``at`` (aware UTC).
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        for path in files(root):
            entry = _entry(root, path)
            if path.is_symlink():
                bundle.writestr(entry, str(path.readlink()))
                continue
            with path.open("rb") as source, bundle.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, _CHUNK)
        for member in further:
            bundle.writestr(_written(member.name, int(at.timestamp()), link=member.link), member.content)


def _entry(root: Path, path: Path) -> zipfile.ZipInfo:
    seconds = max(int(path.lstat().st_mtime), 0)
    return _written(path.relative_to(root).as_posix(), seconds, link=path.is_symlink())


def _written(name: str, seconds: int, *, link: bool) -> zipfile.ZipInfo:
    moment = max(datetime.fromtimestamp(seconds, UTC), _EARLIEST)
    entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
    entry.filename = name  # as given: the constructor puts slashes in the place of this system's separator
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, so that a link can say that it is one; the same on every machine
    kind = stat.S_IFLNK | 0o777 if link else stat.S_IFREG | 0o644
    entry.external_attr = kind << 16
    entry.extra = struct.pack("<HHBI", 0x5455, 5, 1, seconds & 0xFFFFFFFF)
    return entry
