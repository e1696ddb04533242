"""Tell containers from files, and say what to do with those that are not read.

Inside evidence both name and content must say that a file is a container: otherwise an intruder's
page that begins like an archive would be left out of the search. For a file that the user named
as the evidence, either suffices, unless its name is that of a page.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from tocsin.evidence.server_pages import EXTENSIONS, extension_of

UNPACK = "Unpack it into an empty folder on a disk of your own and give that folder, or pack it as a zip."
MOUNT = "Mount it read-only and give the mounted folder, or collect the files from it into a folder or zip."
DUMP = "Tocsin reads files and not memory; give the collected files."


class Kind(Enum):
    """How a container is treated."""

    ZIP = "zip"
    GZIP = "gzip"
    ZSTD = "zstd"
    REFUSED = "refused"

    @property
    def holds_one(self) -> bool:
        """Whether it is one file, packed."""
        return self in {Kind.GZIP, Kind.ZSTD}


class Container(Struct, frozen=True):
    """What a file is packed as.

    Attributes:
        kind: how it is treated.
        name: what to call it.
        remedy: what the reader can do with a refused one.
    """

    kind: Kind
    name: str
    remedy: str = ""


class _Mark(Struct, frozen=True):
    container: Container
    suffixes: tuple[str, ...]
    magic: tuple[tuple[int, bytes], ...]
    by_name: bool = False
    """The content shows nothing at its head: inside evidence, the name alone decides."""


def _refused(name: str, remedy: str) -> Container:
    return Container(Kind.REFUSED, name, remedy)


_ZIP = Container(Kind.ZIP, "zip")
_GZIP = Container(Kind.GZIP, "gzip")
_ZSTD = Container(Kind.ZSTD, "Zstandard")
_SKIPPED = b"\x2a\x4d\x18"
"""Of the frames that unpackers of Zstandard pass over, the mark without its first byte."""
_MARKS = (
    _Mark(_refused("AFF4 image", MOUNT), (".aff4",), ((0, b"PK\x03\x04"),)),
    _Mark(
        _refused("tar archive", UNPACK),
        (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".tar.zst"),
        ((257, b"ustar"), (0, b"\x1f\x8b"), (0, b"BZh"), (0, b"\xfd7zXZ\0"), (0, b"\x28\xb5\x2f\xfd")),
    ),
    _Mark(_ZIP, (".zip",), ((0, b"PK\x03\x04"), (0, b"PK\x05\x06"), (0, b"PK\x07\x08"))),
    _Mark(_GZIP, (".gz",), ((0, b"\x1f\x8b"),)),
    _Mark(
        _ZSTD,
        (".zst", ".zstd"),
        ((0, b"\x28\xb5\x2f\xfd"), *((0, bytes([first]) + _SKIPPED) for first in range(80, 96))),
    ),
    _Mark(_refused("7-Zip archive", UNPACK), (".7z", ".7z.001"), ((0, b"7z\xbc\xaf\x27\x1c"),)),
    _Mark(_refused("RAR archive", UNPACK), (".rar",), ((0, b"Rar!\x1a\x07"),)),
    _Mark(_refused("xz file", UNPACK), (".xz",), ((0, b"\xfd7zXZ\0"),)),
    _Mark(_refused("bzip2 file", UNPACK), (".bz2",), ((0, b"BZh"),)),
    _Mark(_refused("cabinet", UNPACK), (".cab",), ((0, b"MSCF"),)),
    _Mark(_refused("virtual disk (VHDX)", MOUNT), (".vhdx", ".avhdx"), ((0, b"vhdxfile"),)),
    _Mark(_refused("virtual disk (VHD)", MOUNT), (".vhd", ".avhd"), ((0, b"conectix"),), True),
    _Mark(
        _refused("virtual disk (VMDK)", MOUNT),
        (".vmdk",),
        ((0, b"KDMV"), (0, b"COWD"), (0, b"# Disk DescriptorFile")),
        True,
    ),
    _Mark(_refused("virtual disk (QCOW2)", MOUNT), (".qcow2",), ((0, b"QFI\xfb"),)),
    _Mark(
        _refused("EnCase image", MOUNT),
        (".e01", ".ex01", ".l01", ".lx01", ".s01"),
        ((0, b"EVF\x09\x0d\x0a\xff\0"), (0, b"EVF2\r\n\x81\0"), (0, b"LVF\x09\x0d\x0a\xff\0")),
    ),
    _Mark(
        _refused("disk image", MOUNT),
        (".dd", ".img", ".raw", ".001", ".iso", ".wim"),
        ((3, b"NTFS    "), (512, b"EFI PART"), (510, b"\x55\xaa"), (0, b"MSWIM\0\0\0")),
    ),
    _Mark(_refused("memory image", DUMP), (".mem", ".vmem"), ((0, b"EMiL"),), True),
)

_SUFFIXES = tuple(suffix for mark in _MARKS for suffix in mark.suffixes)


def container_inside(name: str, head: bytes) -> Container | None:
    """Say what a file within evidence is packed as, or None if it is to be read as it is."""
    lower = name.lower()
    if not lower.endswith(_SUFFIXES):
        return None
    for mark in _MARKS:
        if lower.endswith(mark.suffixes) and (mark.by_name or _begins(mark, head)):
            return mark.container
    return None


def may_be_container(name: str) -> bool:
    """Tell whether a file within evidence could be a container, by its name."""
    lower = name.lower()
    return any(lower.endswith(mark.suffixes) for mark in _MARKS)


def container_named(name: str, head: bytes) -> Container | None:
    """Say what the file is packed as that was given as the evidence, or None if it is plain."""
    inside = container_inside(name, head)
    if inside is not None or extension_of(name) in EXTENSIONS:
        return inside
    return next((mark.container for mark in _MARKS[1:] if _begins(mark, head)), None) or next(
        (mark.container for mark in _MARKS if name.lower().endswith(mark.suffixes)), None
    )


def _begins(mark: _Mark, head: bytes) -> bool:
    return any(head.startswith(magic, offset) for offset, magic in mark.magic)
