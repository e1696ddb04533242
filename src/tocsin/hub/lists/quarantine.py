"""Files that strangers gave: kept as they came under their own digest, read by tools alone, never served inline.

They lie in ``held`` below the hub's data folder, which no web server reaches, readable by the hub's own
account only. The same bytes are kept once, however often they come.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.http import FileResponse
from msgspec import Struct

from tocsin.errors import LimitExceeded

LONGEST_NAME = 120
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ODD = re.compile(r"[^A-Za-z0-9._ ()+-]+")


class Held(Struct, frozen=True, kw_only=True):
    """A file in the quarantine: its SHA-256, its bytes, and whether it was not there before."""

    sha256: str
    size: int
    new: bool


def folder() -> Path:
    """Where the files lie; made on first use, closed to others."""
    place = Path(settings.DATA) / "held"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def path_of(sha256: str) -> Path:
    """Where the file of a digest lies, or would lie.

    Raises:
        ValueError: it is no digest.
    """
    if not _DIGEST.fullmatch(sha256):
        raise ValueError(sha256)
    return folder() / sha256[:2] / sha256


def hold(chunks: Iterable[bytes], *, most: int) -> Held:
    """Take a file in, a chunk at a time; memory stays flat, and nothing is left of one that is refused.

    Args:
        chunks: its bytes, such as ``UploadedFile.chunks()``.
        most: bytes it may have.

    Raises:
        LimitExceeded: it has more.
    """
    handle, name = tempfile.mkstemp(prefix="incoming-", dir=folder())  # mode 0600
    arriving = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            digest, size = _copied(chunks, file, most)
        return _settled(arriving, digest, size)
    finally:
        arriving.unlink(missing_ok=True)


def _copied(chunks: Iterable[bytes], file: object, most: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise LimitExceeded(
                f"the file is larger than {most // (1024 * 1024)} MiB", remedy="Send a part of it."
            )
        digest.update(chunk)
        file.write(chunk)  # type: ignore[attr-defined]  # a binary file
    return digest.hexdigest(), size


def _settled(arriving: Path, sha256: str, size: int) -> Held:
    place = path_of(sha256)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    new = not place.exists()
    if new:
        arriving.replace(place)
    return Held(sha256=sha256, size=size, new=new)


def forget(sha256: str) -> None:
    """Remove a file, if it is there. Whoever calls this knows that no row names it any more."""
    path_of(sha256).unlink(missing_ok=True)


def shown_name(name: str) -> str:
    """What a stranger called his file, as it may stand on a page or in a header: no path, nothing odd."""
    last = re.split(r"[\\/]", name)[-1]
    kept = _ODD.sub("_", last).strip(". ")[-LONGEST_NAME:]
    return kept or "file"


def as_attachment(sha256: str, name: str) -> FileResponse:
    """The file for a person who examines it: always a download, never shown, whatever it claims to be.

    Raises:
        FileNotFoundError: it was removed.
    """
    answer = FileResponse(
        path_of(sha256).open("rb"),
        as_attachment=True,
        filename=f"{shown_name(name)}.quarantined",
        content_type="application/octet-stream",
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer
