"""Files that strangers hand in: streamed into a folder of their own, named by what they hold, never served.

A file lies in ``held/<sha256>`` of the data folder, readable by the hub's own account alone (mode 0600),
under no name that anybody chose. Nothing here opens, unpacks or shows it. It leaves by `attachment` alone:
as a download of no kind in particular, which no browser displays.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.http import FileResponse
from msgspec import Struct

from tocsin.errors import EnvironmentFault, LimitExceeded, UsageFault

FOLDER = "held"
INCOMING = "incoming-"
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
CHUNK = MIB
SPARE = GIB
"""Bytes of the disk that stay free: the database needs them more."""

UNFINISHED = timedelta(days=1)
"""After this time a file that nobody finished, or that no row names, is nobody's."""

LONGEST_NAME = 200
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SPECIAL = re.compile(r'[\\/:*?"<>|%]+')

Holder = Callable[[Collection[str]], Collection[str]]
"""Given some digests, gives those that rows of an app still name."""

HOLDERS: list[Holder] = []
"""Apps whose rows name files here add theirs in ``AppConfig.ready``."""


class Held(Struct, frozen=True, kw_only=True):
    """A file as it lies in quarantine.

    Attributes:
        digest: SHA-256 of its content, 64 hexadecimal digits; its name here.
        size: bytes.
        new: this call brought it; otherwise the same content lay here before.
    """

    digest: str
    size: int
    new: bool


def keep(chunks: Iterable[bytes], *, most: int, name: str = "") -> Held:
    """Stream a file into quarantine; the same content is kept once.

    Args:
        chunks: its bytes, in pieces of any size.
        most: bytes that it may have.
        name: what its sender calls it, for messages.

    Raises:
        LimitExceeded: it is longer than ``most``; nothing is kept.
        UsageFault: it is empty.
        EnvironmentFault: the disk has no room for it.
    """
    folder = _folder()
    descriptor, waiting = tempfile.mkstemp(prefix=INCOMING, dir=folder)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            digest, size = _copy(chunks, stream.write, most, safe_name(name))
            stream.flush()
            os.fsync(stream.fileno())
        return Held(digest=digest, size=size, new=_settle(Path(waiting), folder / digest))
    finally:
        Path(waiting).unlink(missing_ok=True)


def _copy(chunks: Iterable[bytes], write: Callable[[bytes], object], most: int, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            what = f"longer than {most:,} bytes, the bound for what is handed in"
            raise LimitExceeded(what, where=name, remedy="Send less, or ask how to bring it.")
        if len(chunk) > _room():  # asked each time: others write, too
            raise EnvironmentFault("the hub's disk has no room for it", where=name, remedy="Try again later.")
        digest.update(chunk)
        write(chunk)
    if not size:
        raise UsageFault("the file is empty", where=name, remedy="Give the file once more.")
    return digest.hexdigest(), size


def _settle(waiting: Path, place: Path) -> bool:
    """Give the file its name, whole or not at all. Gives whether it is new."""
    if place.exists():
        os.utime(place)
        return False
    waiting.replace(place)
    return True


def _folder() -> Path:
    folder = Path(settings.DATA) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _room() -> int:
    return max(shutil.disk_usage(Path(settings.DATA)).free - SPARE, 0)


def place_of(digest: str) -> Path:
    """Give where a file lies; it may be gone.

    Raises:
        UsageFault: this is no digest.
    """
    if not _DIGEST.fullmatch(digest):
        raise UsageFault("not the digest of a file in quarantine")
    return Path(settings.DATA) / FOLDER / digest


def attachment(digest: str, name: str) -> FileResponse:
    """Answer with a file as a download of no kind in particular. Only behind a door for staff.

    Raises:
        UsageFault: it lies here no longer.
    """
    try:
        stream = place_of(digest).open("rb")
    except FileNotFoundError as fault:
        raise UsageFault("the file is kept no longer", where=digest) from fault
    answer = FileResponse(
        stream, as_attachment=True, filename=safe_name(name), content_type="application/octet-stream"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "no-store"
    return answer


def safe_name(name: str) -> str:
    """Give a name to show and to save under: no folders, no control or directing characters, not too long."""
    plain = "".join("_" if unicodedata.category(each)[0] in "CZ" and each != " " else each for each in name)
    return _SPECIAL.sub("_", plain).strip(" ._")[-LONGEST_NAME:] or "file"


def sweep(now: datetime) -> int:
    """Remove what nobody finished and what no row names any more, a day after it came. Gives how many."""
    old = {path.name: path for path in _folder().iterdir() if _is_old(path, now)}
    unfinished = {name for name in old if name.startswith(INCOMING)}
    named = {name for name in old if _DIGEST.fullmatch(name)}
    for holder in HOLDERS:
        named -= set(holder(named))
    for name in unfinished | named:
        old[name].unlink(missing_ok=True)
    return len(unfinished | named)


def _is_old(path: Path, now: datetime) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < (now - UNFINISHED).timestamp()
    except FileNotFoundError:  # another process removed it
        return False
