"""What is costly to derive from packs, kept between runs in a folder of the user's own.

Nothing in it is needed: whatever is missing, damaged, made by another version or open to others is made
anew. Names are digests of all that a content was derived from. No content is a program or names a type
(no pickle), and none comes from evidence.

``TOCSIN_CACHE`` names the folder; ``off`` does without one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

import tocsin

VARIABLE = "TOCSIN_CACHE"
OFF = "off"
LARGEST = 64 << 20
"""Bytes of one content that are read or written."""
MOST = 200
"""Contents that are kept; when there are more, those not used for the longest time go."""

_MARK = b"tocsin cache 1\n"
_SUFFIX = ".kept"
_HEAD = len(_MARK) + hashlib.sha256().digest_size
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_DERIVES = ("evidence", "artefacts", "model", "packs", "detections")
_UNFIT = (msgspec.MsgspecError, OverflowError, RecursionError, TypeError, ValueError)
"""What writing or reading raises on contents that are too large, too deep or not of the kind."""

T = TypeVar("T")


class Form(Struct, Generic[T], frozen=True, kw_only=True):
    """How a content is written and read.

    Attributes:
        write: gives its bytes.
        read: makes it from them.
        faults: what ``read`` raises on bytes that are not it, besides errors of values and types.
    """

    write: Callable[[T], bytes]
    read: Callable[[bytes], T]
    faults: tuple[type[Exception], ...] = ()


def kept(what: str, origin: Iterable[bytes], form: Form[T], make: Callable[[], T]) -> T:
    """Give what was kept of this origin, or make it and keep it.

    Args:
        what: it is, in one word.
        origin: all that it is made from, but for Tocsin's own code and the packages that it uses.
        form: how it is written and read.
        make: makes it; what it raises is raised.
    """
    path = _path(what, origin)
    if path is None:
        return make()
    data = _read(path)
    if data is not None:
        with contextlib.suppress(*_UNFIT, *form.faults):
            return form.read(data)
    made = make()
    with contextlib.suppress(*_UNFIT, OSError):
        _write(path, form.write(made))
    return made


def packed(value: object) -> bytes:
    """Give plain values and structs as bytes, to be part of an origin."""
    return msgspec.msgpack.encode(value)


def _path(what: str, origin: Iterable[bytes]) -> Path | None:
    """Give the place of a content; None when nothing is kept, or nothing of such an origin."""
    folder = _folder()
    if folder is None:
        return None
    with contextlib.suppress(*_UNFIT):
        return folder / f"{what}-{_key(what, origin)}{_SUFFIX}"
    return None


def _folder() -> Path | None:
    named = os.environ.get(VARIABLE, "")
    if named.lower() == OFF:
        return None
    try:
        return Path(named) if named else _usual() / "tocsin"
    except RuntimeError:  # a user without a home
        return None


def _usual() -> Path:
    """The place for such things: of freedesktop's Base Directory Specification, of macOS, of Windows."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".cache"


# --- keys -------------------------------------------------------------------------------------


def _key(what: str, origin: Iterable[bytes]) -> str:
    total = hashlib.sha256(_surroundings())
    for part in (what.encode(), *origin):
        total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()


@cache
def _surroundings() -> bytes:
    """Digest of what derives a content: code, packages, Python, and the processor that it is made for."""
    total = hashlib.sha256(
        repr((tocsin.__version__, sys.version_info[:2], _installed(), _machine())).encode()
    )
    root = Path(tocsin.__file__).parent
    for part in _DERIVES:
        for path in sorted((root / part).rglob("*.py")):
            total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return total.digest()


def _installed() -> tuple[str, ...]:
    """Name every package with its version, as the folders that describe them are named."""
    found: set[str] = set()
    for folder in sys.path:
        with contextlib.suppress(OSError), os.scandir(folder or os.curdir) as entries:
            found.update(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    return tuple(sorted(found))


def _machine() -> tuple[str, ...]:
    """Name the processor and what it can do, as far as the system tells."""
    lines: list[str] = []
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as info:
        for line in info:
            if not line.strip():
                break  # the other cores are alike
            if line.startswith(("flags", "Features", "model name")):
                lines.append(line)
    return (platform.system(), platform.machine(), *(lines or [platform.processor()]))


# --- files ------------------------------------------------------------------------------------


def _read(path: Path) -> bytes | None:
    """Give a content that is whole and was written by this user, and note that it was used."""
    try:
        if not _own(path.parent.lstat(), stat.S_ISDIR):
            return None
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as stream:  # noqa: PTH123 - a handle, not a path
            info = os.fstat(handle)
            if not _own(info, stat.S_ISREG) or info.st_size > LARGEST + _HEAD:
                return None
            data = stream.read(LARGEST + _HEAD)
        os.utime(path)
    except OSError:
        return None
    content = data[_HEAD:]
    return content if data[:_HEAD] == _head(content) else None


def _write(path: Path, content: bytes) -> None:
    """Write a content beside its name first, so that nobody ever reads half of it. Raises OSError."""
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if len(content) > LARGEST or not _own(folder.lstat(), stat.S_ISDIR):
        return
    handle, name = tempfile.mkstemp(dir=folder, suffix=".new")  # with mode 0600
    try:
        with open(handle, "wb") as stream:  # noqa: PTH123 - a handle, not a path
            stream.write(_head(content) + content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    _tidy(folder)


def _head(content: bytes) -> bytes:
    return _MARK + hashlib.sha256(content).digest()


def _own(info: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Tell whether it is of the kind, belongs to this user, and nobody else may write to it."""
    if not is_kind(info.st_mode):
        return False
    if sys.platform == "win32":
        return True  # below the user's profile, by default
    return info.st_uid == os.geteuid() and not info.st_mode & _OTHERS


def _tidy(folder: Path) -> None:
    """Remove what was not used for the longest time, and what a run that was cut off left."""
    found = [path for path in folder.iterdir() if path.suffix in {_SUFFIX, ".new"}]
    if len(found) > MOST:
        found.sort(key=lambda path: path.lstat().st_mtime)
        for path in found[: len(found) - MOST]:
            path.unlink(missing_ok=True)
