"""Write the smallest executable that has a version resource: headers, one section, no code.

Layout after Microsoft's PE format and VS_VERSIONINFO pages. Nothing in the file can run.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

_ALIGN = 0x200
_SECTION_AT = 0x1000
_VERSION = 16
_ENGLISH = 1033


def write_executable(build: tuple[int, int, int, int], strings: Mapping[str, str]) -> bytes:
    """Give a PE32 file whose version resource has the numbers and the texts."""
    resource = _resources(_version_info(build, strings))
    size = -(-len(resource) // _ALIGN) * _ALIGN
    headers = _headers(len(resource), size)
    return headers.ljust(_ALIGN, b"\0") + resource.ljust(size, b"\0")


def _headers(length: int, size: int) -> bytes:
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x14C, 1, 0, 0, 0, 224, 0x2102)
    optional = struct.pack(
        "<HBBIIIIIIIIIHHHHHHIIIIHHIIIIII",
        *(0x10B, 14, 0, 0, size, 0, 0, 0, 0, 0x400000, _SECTION_AT, _ALIGN),
        *(
            6,
            0,
            0,
            0,
            6,
            0,
            0,
            _SECTION_AT + size,
            _ALIGN,
            0,
            3,
            0,
            0x100000,
            0x1000,
            0x100000,
            0x1000,
            0,
            16,
        ),
    )
    directories = [(0, 0)] * 16
    directories[2] = (_SECTION_AT, length)
    table = b"".join(struct.pack("<II", *pair) for pair in directories)
    section = struct.pack("<8sIIIIIIHHI", b".rsrc", length, _SECTION_AT, size, _ALIGN, 0, 0, 0, 0, 0x40000040)
    return dos + coff + optional + table + section


def _resources(data: bytes) -> bytes:
    """Three levels of one entry each (type, name, language), then where the data lies."""
    levels = b""
    for place, key in enumerate((_VERSION, 1, _ENGLISH)):
        inner = 24 * (place + 1)
        offset = inner if key == _ENGLISH else inner | 0x8000_0000
        levels += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, key, offset)
    entry = struct.pack("<IIII", _SECTION_AT + len(levels) + 16, len(data), 0, 0)
    return levels + entry + data


def _version_info(build: tuple[int, int, int, int], strings: Mapping[str, str]) -> bytes:
    high, low = build[0] << 16 | build[1], build[2] << 16 | build[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 4, 1, 0, 0, 0)
    entries = b"".join(_padded(_block(name, _wide(text), text=True)) for name, text in strings.items())
    table = _block("040904B0", b"", children=entries, text=True)
    return _block("VS_VERSION_INFO", fixed, children=_block("StringFileInfo", b"", children=table, text=True))


def _block(key: str, value: bytes, *, children: bytes = b"", text: bool = False) -> bytes:
    head = _padded(bytes(6) + _wide(key))
    body = head + (_padded(value) if children else value) + children
    length = len(value) // 2 if text else len(value)
    return struct.pack("<HHH", len(body), length, int(text)) + body[6:]


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
