"""The version resource of executables: ExSetup.exe tells the build of Exchange, its DLLs the update.

The numbers of the fixed part are taken, not the text, which has leading zeros and may be localised.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pefile

from tocsin.errors import ArtefactError
from tocsin.evidence.source import Source
from tocsin.evidence.versions import KIND, version_record
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.words import Confidence

LINES = False
FOUND_AT = ("**/bin/exsetup.exe", "**/exchange server/v1*/bin/*.dll", "**/*.exe", "**/*.dll")

__all__ = ["FOUND_AT", "KIND", "LINES", "parse", "recognise"]

_LONGEST = 1 << 26
_RESOURCES = 2
_DAMAGE = (
    pefile.PEFormatError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What pefile is seen to raise on damaged files; it promises only the first."""


def recognise(source: Source) -> Confidence:
    """SIGNATURE for an executable by magic number and name."""
    if not source.name.endswith((".exe", ".dll", ".sys")):
        return Confidence.NO
    return Confidence.SIGNATURE if source.head.startswith(b"MZ") else Confidence.LOCATION


def parse(source: Source) -> Iterator[Item]:
    """Yield one record; a file without a version resource gives empty fields.

    Raises:
        ArtefactError: the file is empty, too long, or no executable.
    """
    data = source.read(_LONGEST)
    try:
        yield _record(source.path, data)
    except _DAMAGE as fault:
        raise ArtefactError(
            f"not a readable executable ({type(fault).__name__}: {fault})",
            where=source.path,
            remedy="Collect the file again, or export its version with PowerShell.",
        ) from fault


def _record(path: str, data: bytes) -> Record:
    if not data.startswith(b"MZ"):
        raise ValueError("no MZ at its beginning")
    if not data.startswith(b"PE\0\0", int.from_bytes(data[60:64], "little")):
        raise ValueError("no PE header")  # pefile would say so too, after a whole garbage collection
    # Not as a context manager: closing runs a whole garbage collection, and there is no file to close.
    image = pefile.PE(data=data, fast_load=True)
    image.parse_data_directories(directories=[_RESOURCES])
    fixed = next(iter(getattr(image, "VS_FIXEDFILEINFO", None) or ()), None)
    texts = _texts(image)
    return version_record(
        Locator(path=path),
        File=path,
        FileVersion=texts.get("FileVersion"),
        ProductVersion=texts.get("ProductVersion"),
        Build=_number(fixed.FileVersionMS, fixed.FileVersionLS) if fixed else None,
        OriginalFilename=texts.get("OriginalFilename"),
        Source="version resource",
    )


def _number(high: int, low: int) -> str | None:
    parts = (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)
    return ".".join(str(part) for part in parts) if any(parts) else None


def _texts(image: pefile.PE) -> dict[str, str]:
    """Give the string table of the first language."""
    for group in getattr(image, "FileInfo", None) or ():
        for part in group:
            for table in getattr(part, "StringTable", None) or ():
                pairs = table.entries.items()
                return {_text(name): _text(value) for name, value in pairs}
    return {}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace").rstrip("\0")
