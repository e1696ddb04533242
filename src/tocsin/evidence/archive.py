"""A zip as evidence, read in place: its members are streamed and never written to a disk.

Names in a zip are words of a stranger: nothing is created under them, and those that would lead
outside an unpacked folder are left out all the same, because no collector writes them. The CRC of
a member is compared after its bytes were given, so that a damaged end costs no line before it.
Times are taken from the NTFS or extended-timestamp field; the plain DOS time names no time zone,
and a time that may be wrong by hours is worse than none.
"""

from __future__ import annotations

import copy
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, cast

from tocsin.errors import ArtefactError, EvidenceError, LimitExceeded, TocsinError, UnsafeEntry
from tocsin.evidence.entries import Entry, Skip
from tocsin.evidence.inflating import DAMAGE, QUICK, Inflating, crc32
from tocsin.evidence.limits import Account, Limits
from tocsin.model.coverage import Skipped
from tocsin.model.times import in_utc

BROKEN = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)
"""What ``zipfile`` raises on damaged or hostile input."""
_DAMAGE: tuple[type[Exception], ...] = (*DAMAGE, *BROKEN)
_CUT = "cut short"

_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""``zipfile`` unpacks bzip2 and LZMA without a bound on memory, and no collector uses them."""
_METHODS = {
    9: "Deflate64",
    12: "bzip2",
    14: "LZMA",
    93: "Zstandard",
    95: "xz",
    98: "PPMd",
    99: "AES encryption",
}
_PROTECTED = 0x2041  # encrypted, strongly encrypted, masked
_UNTRUSTED = (1 << 63) - 1
_TAIL = 65_557 + 20 + 56  # longest end record, zip64 locator and zip64 end record
_DRIVE_RELATIVE = re.compile(r"[A-Za-z]:(?!/)")
_NTFS, _UNIX_TIME = 0x000A, 0x5455
_NTFS_EPOCH, _UNIX_EPOCH = datetime(1601, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)


class Archive:
    """An open zip.

    Attributes:
        busy: streams of members that are open.
        taken: packed bytes that were read in all.
    """

    def __init__(self, stream: BinaryIO, size: int, name: str, limits: Limits) -> None:
        """Read the list of members; takes over the stream.

        Raises:
            EvidenceError: it is damaged, cut short or not a zip.
            LimitExceeded: it lists more members than the bound.
        """
        self.busy = 0
        self.taken = 0
        self._stream = stream
        self._size = size
        try:
            _bound_list(stream, size, name, limits)
            self._zip = zipfile.ZipFile(cast("BinaryIO", self))
        except TocsinError:
            stream.close()
            raise
        except BROKEN as error:
            stream.close()
            raise EvidenceError(
                f"damaged, cut short or not a zip ({error})",
                where=name,
                remedy="Copy it again and compare its hash; on a copy, 7-Zip or zip -FF may save files.",
            ) from error

    def members(self) -> list[zipfile.ZipInfo]:
        """Give the members as they are listed."""
        return self._zip.infolist()

    def open(self, info: zipfile.ZipInfo, name: str, *, quick: bool = QUICK) -> MemberStream:
        """Open one member, to be unpacked here.

        Raises:
            ArtefactError: the member is damaged or cannot be unpacked here.
        """
        unchecked = copy.copy(info)
        del unchecked.CRC  # zipfile would withhold the last bytes of a member with a wrong one
        unchecked.file_size = _UNTRUSTED  # and whatever a member holds beyond its stated size
        unchecked.compress_type = zipfile.ZIP_STORED  # gives the packed bytes as they are
        again = partial(self.open, info, name, quick=False) if quick else None
        try:
            return MemberStream(self, self._zip.open(unchecked), info, name, again)
        except BROKEN as error:
            raise ArtefactError(f"damaged in its container ({error})", where=name) from error

    def read(self, size: int = -1, /) -> bytes:
        """Read packed bytes, for ``zipfile``, and count them in ``taken``."""
        data = self._stream.read(size)
        self.taken += len(data)
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to an offset of the packed bytes, for ``zipfile``."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Give the offset in the packed bytes, for ``zipfile``."""
        return self._stream.tell()

    def seekable(self) -> bool:
        """Always, for ``zipfile``."""
        return True

    def close(self) -> None:
        """Close the zip and the stream under it."""
        self._zip.close()
        self._stream.close()


class MemberStream:
    """The unpacked bytes of one member: forward only, since going back means unpacking again."""

    jump = None

    def __init__(
        self,
        archive: Archive,
        member: Any,
        info: zipfile.ZipInfo,
        name: str,
        slower: Callable[[], MemberStream] | None,
    ) -> None:
        """Take the packed bytes of a member, and how to open it by means that get further in damaged ones."""
        self.slower = slower
        self._archive = archive
        self._member = member
        self._deflated = info.compress_type == zipfile.ZIP_DEFLATED
        self._unpacked = Inflating(self._take, quick=slower is not None)
        self._crc = info.CRC
        self._running = 0
        self._name = name
        self._taken = 0
        archive.busy += 1

    @property
    def used(self) -> int:
        """Packed bytes used up so far."""
        return self._taken - len(self._unpacked.held)

    def readinto(self, buffer: memoryview, /) -> int:
        """Unpack the next bytes.

        Raises:
            ArtefactError: they are damaged; or, at the end, the CRC of the whole is wrong.
        """
        try:
            data = self._read(len(buffer))
        except _DAMAGE as error:
            raise ArtefactError(
                f"damaged in its container ({str(error) or _CUT})", where=self._name
            ) from error
        if not data and len(buffer) and self._running != self._crc:
            raise ArtefactError("damaged in its container (wrong checksum)", where=self._name)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Release the member."""
        if not self._member.closed:
            self._member.close()
            self._archive.busy -= 1

    def _read(self, most: int) -> bytes:
        if self._deflated:
            data = self._unpacked.read(most)
            self._running = self._unpacked.crc
        else:
            data = self._take(most)
            self._running = crc32(data, self._running)
        return data

    def _take(self, most: int) -> bytes:
        before = self._archive.taken
        data: bytes = self._member.read1(most)
        self._taken += self._archive.taken - before
        return data


def list_members(
    archive: Archive,
    *,
    prefix: str,
    reopen: Callable[[], Archive],
    account: Account,
    limits: Limits,
    skip: Skip,
) -> Iterator[Entry]:
    """Yield every readable member; account for every other.

    Args:
        archive: the open zip.
        prefix: goes before every name, to make it a path of the evidence.
        reopen: gives the archive again when a member is opened.
        account: counts what the archive unpacks to.
        limits: bounds on names and sizes.
        skip: takes what is left out.
    """
    seen: dict[str, int] = {}
    for info in archive.members():
        name = _name(info)
        try:
            check_name(info.orig_filename.replace("\\", "/"), limits)
            why = "" if name.endswith("/") and not info.file_size else _refusal(info, limits)
        except UnsafeEntry as error:
            why = error.what
        if why:
            skip(Skipped(path=prefix + name, why=why))
        elif not name.endswith("/"):
            seen[name] = seen.get(name, 0) + 1
            again = f"#{seen[name]}" if seen[name] > 1 else ""
            yield _entry(info, prefix + name + again, reopen, account)


def check_name(name: str, limits: Limits) -> None:
    """Refuse a name that would lead outside the folder that a zip is unpacked into.

    Raises:
        UnsafeEntry: it is absolute, climbs, or is deeper or longer than the bounds.
    """
    if name.startswith("/"):
        raise UnsafeEntry("its name is absolute and would lead outside the evidence")
    if _DRIVE_RELATIVE.match(name):
        raise UnsafeEntry("its name is relative to a drive and would lead outside the evidence")
    if ".." in name.split("/"):
        raise UnsafeEntry("its name climbs (..) and would lead outside the evidence")
    if "\0" in name:
        raise UnsafeEntry("its name holds a NUL byte, which hides the rest of it")
    if len(name) > limits.path_length:
        raise UnsafeEntry(f"its name is longer than {limits.path_length:,} characters")
    if name.count("/") > limits.path_depth:
        raise UnsafeEntry(f"its name is deeper than {limits.path_depth} folders")


def _name(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/")


def _refusal(info: zipfile.ZipInfo, limits: Limits) -> str:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "symbolic link; not followed"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "device or pipe, not a file"
    if _name(info).endswith("/"):
        return "folder that claims to hold bytes"
    if info.flag_bits & _PROTECTED or info.compress_type == 99:  # noqa: PLR2004 - WinZip's AES
        return "protected by a password: unpack it with the password into a folder and give that folder"
    if info.compress_type not in _READABLE:
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        return f"packed with {method}, which is not read here: unpack it with 7-Zip and give the folder"
    if info.file_size > limits.file_bytes:
        return f"longer than {limits.file_bytes:,} bytes, the bound for one file"
    return limits.bomb(info.file_size, info.compress_size) or ""


def _entry(info: zipfile.ZipInfo, path: str, reopen: Callable[[], Archive], account: Account) -> Entry:
    return Entry(
        path=path,
        inner=_name(info),
        size=info.file_size,
        modified=_modified(info.extra),
        packed=min(info.compress_size, account.packed),
        account=account,
        open=partial(_open, reopen, info, path),
    )


def _open(reopen: Callable[[], Archive], info: zipfile.ZipInfo, path: str) -> MemberStream:
    try:
        return reopen().open(info, path)
    except EvidenceError as error:
        raise ArtefactError(error.what, where=path, remedy=error.remedy) from error


def _modified(extra: bytes) -> datetime | None:
    """Read the time of last change from the extra fields (APPNOTE 4.5.5 and Info-ZIP's ``UT``)."""
    while len(extra) >= 4:  # noqa: PLR2004 - two 16-bit numbers
        tag, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if tag == _NTFS and len(field) >= 16 and field[4:8] == b"\x01\x00\x18\x00":  # noqa: PLR2004
            return _ntfs_time(struct.unpack_from("<Q", field, 8)[0])
        if tag == _UNIX_TIME and len(field) >= 5 and field[0] & 1:  # noqa: PLR2004 - flags and 4 bytes
            return _UNIX_EPOCH + timedelta(seconds=struct.unpack_from("<i", field, 1)[0])
    return None


def _ntfs_time(ticks: int) -> datetime | None:
    try:
        return in_utc(_NTFS_EPOCH + timedelta(microseconds=ticks // 10))
    except OverflowError:
        return None


def _bound_list(stream: BinaryIO, size: int, name: str, limits: Limits) -> None:
    """Count the members before ``zipfile`` makes an object of each."""
    stream.seek(max(size - _TAIL, 0))
    tail = stream.read(_TAIL)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        return  # no end record: zipfile says so
    length = struct.unpack_from("<L", tail, end + 12)[0]
    far = tail.rfind(b"PK\x06\x06", 0, end)
    if length == 0xFFFFFFFF and far >= 0 and len(tail) >= far + 48:  # noqa: PLR2004 - zip64
        length = struct.unpack_from("<Q", tail, far + 40)[0]
    if min(length, size) > limits.list_bytes:
        raise LimitExceeded(
            f"its list of members is longer than {limits.list_bytes:,} bytes, the bound for one container",
            where=name,
            remedy="Unpack it and give the folder.",
        )
    if _count(stream, max(size - len(tail) + end - length - 76, 0), limits.files) > limits.files:
        raise LimitExceeded(
            f"lists more than {limits.files:,} files, the bound for one container",
            where=name,
            remedy="Give a smaller part of it, or raise the bound.",
        )


def _count(stream: BinaryIO, start: int, most: int) -> int:
    """Count the signatures of members in the list, across the edges of blocks."""
    stream.seek(start)
    count, edge = 0, b""
    while count <= most and (block := stream.read(1 << 20)):
        count += (edge + block).count(b"PK\x01\x02")
        edge = block[-3:]
    return count
