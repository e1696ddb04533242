"""Where a file of the evidence stood on the server's disk, whatever collected it.

Every collector puts the disk somewhere else: ``C/`` (by hand), ``<target>/C/`` (KAPE),
``uploads/auto/C%3A/`` or ``uploads/ntfs/%5C%5C.%5CC%3A/`` (Velociraptor, which escapes names as
URLs do, once or twice), ``fs/<volume>/`` (acquire), or bare folders. The surprise: ``%4`` in the
name of an event log is Windows' own escape for a slash and not a URL's, so that
``AppLocker%4EXE`` must not become ``AppLockerNXE``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

from msgspec import Struct

_UPLOADS = {("uploads", accessor) for accessor in ("auto", "file", "ntfs", "lazy_ntfs", "mft", "ntfs_vss")}
_DEVICE = re.compile(
    r"(?:[/\\]{2}[.?][/\\])?(?:[a-z][:_$]?|drive[_ -]?[a-z]|[a-z][_ -]drive)[/\\]*", re.IGNORECASE
)
_SHADOW = re.compile(r".*harddiskvolumeshadowcopy(\d+)[/\\]*", re.IGNORECASE)
_SHADOW_FOLDER = re.compile(r"(?:vss|shadowcopy|harddiskvolumeshadowcopy)_?(\d+)", re.IGNORECASE)
_IN_SHADOW = re.compile(r"^shadow-copy-(\d{1,9})/")
_MOST_SHADOWS = 1 << 30
_ESCAPE = re.compile(r"(?:%[0-9a-f]{2})+", re.IGNORECASE)
_DISK_ROOTS = {
    "inetpub",
    "windows",
    "winnt",
    "program files",
    "program files (x86)",
    "programdata",
    "users",
    "documents and settings",
    "perflogs",
    "exchangesetuplogs",
    "exchsrvr",
    "$recycle.bin",
    "$extend",
    "system volume information",
}
_FRAGMENTS = {
    "aspnet_client",
    "clientaccess",
    "exchange server",
    "frontend",
    "httperr",
    "httpproxy",
    "inetsrv",
    "logfiles",
    "logging",
    "system32",
    "transportroles",
    "winevt",
    "wwwroot",
}
_MOST_ESCAPES = 4


class Place(Struct, frozen=True):
    """A place on the server's disk.

    Attributes:
        where: lower case, forward slashes, no drive, no collector's prefix.
        on_disk: the layout says that this is a path of the disk, from a drive's root.
    """

    where: str
    on_disk: bool

    def inside(self, name: str) -> Place:
        """Give the place of a name within this container."""
        return Place(f"{self.where}!/{place_of(name).where}", self.on_disk)


def is_shadow_copy(where: str) -> bool:
    """Tell whether a place is in a shadow copy of the disk: how the server was, not how it is."""
    return where.startswith("shadow-copy-")


def age_of(where: str) -> int:
    """Give 0 for a place on the disk, 1 for one in any shadow copy that does not say its number, else more.

    The newer a shadow copy is, the smaller the number: Windows counts them upwards.
    """
    found = _IN_SHADOW.match(where)
    return max(1, _MOST_SHADOWS - int(found[1])) if found else 0


def on_disk(where: str) -> str:
    """Give the place on the disk of which a place in a shadow copy is the copy; others as they are."""
    return _IN_SHADOW.sub("", where)


def place_of(path: str) -> Place:
    """Give the place of a file from its name in the evidence.

    A shadow copy is another place than the disk: ``shadow-copy-1/inetpub/…``.
    """
    parts = [part for part in re.split(r"[/\\]", path) if part not in {"", "."}]
    return _uploaded(parts) or _drive(parts) or _rooted(parts) or Place(_joined(parts), False)


def _joined(parts: Sequence[str]) -> str:
    return unicodedata.normalize("NFC", "/".join(parts).lower())


def _uploaded(parts: Sequence[str]) -> Place | None:
    """Velociraptor's ``uploads/<accessor>/<device>/…``, and devices with escapes anywhere."""
    for index, part in enumerate(parts[:-1]):
        below = tuple(name.lower() for name in parts[max(index - 2, 0) : index]) in _UPLOADS
        if not below and (part.lower() in _DISK_ROOTS or _DEVICE.fullmatch(part)):
            return None  # the disk begins here: what follows are its own names
        if not below and "%" not in part:
            continue
        device, times = _unescaped(part)
        prefix = _volume(device)
        if prefix is None and below and device.startswith("\\"):
            prefix = ""
        if prefix is not None:
            return Place(prefix + _joined([_again(name, times) for name in parts[index + 1 :]]), True)
    return None


def _volume(device: str) -> str | None:
    """Give what stands for a volume in ``where``: nothing for a drive, a name for a shadow copy."""
    shadow = _SHADOW.fullmatch(device)
    if shadow:
        return f"shadow-copy-{shadow[1]}/"
    return "" if _DEVICE.fullmatch(device) else None


def _drive(parts: Sequence[str]) -> Place | None:
    """``C/``, ``C:/`` and ``fs/<volume>/``, unless a folder of the disk stands before."""
    for index, part in enumerate(parts[:-1]):
        if part.lower() in _DISK_ROOTS:
            return None
        if _DEVICE.fullmatch(part):
            return Place(_shadowed(parts[:index]) + _joined(parts[index + 1 :]), True)
        if part.lower() == "fs" and index + 2 < len(parts) and index <= 1:
            return _after_volume(parts[index + 2 :])
    return None


def _after_volume(parts: Sequence[str]) -> Place:
    """What stands after acquire's ``fs/<volume>``, where a volume's name may take two folders."""
    return _rooted(parts) or Place(_joined(parts), True)


def _shadowed(before: Sequence[str]) -> str:
    found = next((m for part in reversed(before) if (m := _SHADOW_FOLDER.fullmatch(part))), None)
    return f"shadow-copy-{found[1]}/" if found else ""


def _rooted(parts: Sequence[str]) -> Place | None:
    """A folder that stands in a disk's root, or failing that one that is known to be deeper."""
    folders = [part.lower() for part in parts[:-1]]
    for known, on_disk in ((_DISK_ROOTS, True), (_FRAGMENTS, False)):
        index = next((place for place, part in enumerate(folders) if part in known), None)
        if index is not None:
            return Place(_shadowed(parts[:index]) + _joined(parts[index:]), on_disk)
    return None


def _unescaped(part: str) -> tuple[str, int]:
    times = 0
    while times < _MOST_ESCAPES and (plain := unquote(part)) != part:
        part, times = plain, times + 1
    return part, times


def _again(name: str, times: int) -> str:
    for _ in range(times):
        name = _ESCAPE.sub(_plain, name)
    return name


def _plain(escape: re.Match[str]) -> str:
    """Undo an escape that a collector made: never of a letter, a digit or a separator."""
    text = unquote(escape[0], errors="strict") if _decodes(escape[0]) else escape[0]
    made = all(not (char.isascii() and char.isalnum()) and char not in "/\\\0" for char in text)
    return text if made else escape[0]


def _decodes(escape: str) -> bool:
    try:
        bytes.fromhex(escape.replace("%", "")).decode()
    except UnicodeDecodeError:
        return False
    return True
