"""A folder as evidence: every regular file below it, links never followed, nothing written.

A symbolic link or a Windows junction is never followed: inside the evidence its target is read
under its own name, and outside lies the examiner's own machine.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tocsin.errors import ArtefactError, LimitExceeded
from tocsin.evidence.entries import Entry, Skip
from tocsin.evidence.limits import Budget, Limits
from tocsin.model.coverage import Skipped
from tocsin.model.times import in_utc

_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)  # a link put in place after the listing
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO put in place after the listing
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


class FileStream:
    """A regular file, opened for reading, whose failures are ``ArtefactError``."""

    used = 0
    slower = None

    def __init__(self, path: str, name: str) -> None:
        """Open the file. Raises ArtefactError if it cannot be opened or is no regular file."""
        self._name = name
        self._file = io.FileIO(_regular(path, name), "rb")

    def readinto(self, buffer: memoryview, /) -> int:
        """Read as much as one read gives. Raises ArtefactError."""
        try:
            return self._file.readinto(buffer)
        except OSError as error:
            raise ArtefactError(f"reading fails: {_reason(error)}", where=self._name) from error

    @property
    def jump(self) -> Callable[[int, int], int] | None:
        """``seek``."""
        return self._file.seek

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def walk(root: Path, *, budget: Budget, skip: Skip) -> Iterator[Entry]:
    """Yield every regular file below the root, in no order; account for everything else.

    Raises:
        LimitExceeded: there are more entries than the bound, or listing takes too long.
    """
    pending, count = [("", 0)], 0
    while pending:
        below, depth = pending.pop()
        for child in _children(root, below, skip):
            count += 1
            _check(root, count, budget)
            name = f"{below}{child.name}"
            why = _refusal(child, name, depth, root, budget.limits)
            if why:
                skip(Skipped(path=shown(name), why=why))
            elif child.is_dir(follow_symlinks=False):
                pending.append((f"{name}/", depth + 1))
            else:
                yield _entry(root, name, child.stat(follow_symlinks=False))


def single(path: Path) -> Entry:
    """Give one file as an entry named by its own name."""
    return _entry(path.parent, path.name, path.stat())


def shown(name: str) -> str:
    r"""Give the name as text: bytes that are not UTF-8 appear as ``\xNN``."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _regular(path: str, name: str) -> int:
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        raise ArtefactError(
            f"cannot be opened: {_reason(error)}",
            where=name,
            remedy="Check the rights of the copy.",
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ArtefactError("no longer a regular file", where=name)
    return handle


def _check(root: Path, count: int, budget: Budget) -> None:
    why = budget.spent()
    if count > budget.limits.files:
        why = f"holds more than {budget.limits.files:,} entries, the bound for one folder or container"
    if why:
        raise LimitExceeded(why, where=str(root), remedy="Give a smaller part of it, or raise the bound.")


def _entry(root: Path, name: str, info: os.stat_result) -> Entry:
    path = shown(name)
    return Entry(
        path=path,
        inner=path,
        size=info.st_size,
        modified=_moment(info.st_mtime),
        packed=info.st_size,
        account=None,
        open=partial(FileStream, os.path.join(root, name), path),  # noqa: PTH118 - of a Path it would cost more than the hash
    )


def _moment(stamp: float) -> datetime | None:
    try:
        return in_utc(datetime.fromtimestamp(stamp, UTC))
    except (OverflowError, ValueError, OSError):
        return None


def _children(root: Path, below: str, skip: Skip) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(root / below) as found:
            return list(found)
    except OSError as error:
        skip(Skipped(path=shown(below) or "/", why=f"folder cannot be listed: {_reason(error)}"))
        return []


def _refusal(child: os.DirEntry[str], name: str, depth: int, root: Path, limits: Limits) -> str | None:
    try:
        info = child.stat(follow_symlinks=False)
    except OSError as error:
        return f"cannot be looked at: {_reason(error)}"
    if stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", 0) == _JUNCTION:
        return _link_words(root / name, root)
    if stat.S_ISDIR(info.st_mode):
        return f"deeper than {limits.path_depth} folders" if depth >= limits.path_depth else None
    if not stat.S_ISREG(info.st_mode):
        return f"{_special(info.st_mode)}, not a file"
    return f"name longer than {limits.path_length:,} characters" if len(name) > limits.path_length else None


def _link_words(link: Path, root: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except FileNotFoundError:
        return "symbolic link whose target is absent; not followed"
    except (OSError, RuntimeError):  # a loop is a RuntimeError until Python 3.12
        return "symbolic link that leads back into itself; not followed"
    if not target.is_relative_to(root.resolve()):
        return "symbolic link that leads outside the evidence; not followed"
    if link.absolute().is_relative_to(target):
        return "symbolic link that leads back into itself; not followed"
    return "symbolic link; its target is read under its own name"


def _special(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "named pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISBLK, "device"))
    return next((word for test, word in kinds if test(mode)), "device")


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
