"""A workbook's file: a zip whose parts are XML (ECMA-376, Office Open XML).

Libraries that load a workbook and save it again drop what they do not know, such as the lists that cells
offer (openpyxl: "Data Validation extension is not supported and will be removed"). Here every part that is
not changed is written back byte for byte. Uploads are strangers' files: their size, their number of parts
and what they unpack to are bounded, and a document type, where entities could stand, is refused.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from msgspec import Struct

from tocsin.errors import UsageFault

LARGEST = 16 * 1024 * 1024
"""Bytes of a workbook that is read."""
MOST_PARTS = 2_000
LARGEST_PART = 64 * 1024 * 1024
LARGEST_WHOLE = 256 * 1024 * 1024

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ET.ParseError,
    RuntimeError,  # an encrypted part, or a way of packing that is not known
    OSError,
    EOFError,
    ValueError,
    struct.error,
)
_RELATED = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
_BOOK, _RELATIONS, _STRINGS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"


class Book(Struct, frozen=True, kw_only=True):
    """A workbook in memory.

    Attributes:
        data: the whole file.
        sheets: name of each sheet -> its part.
        strings: the shared strings, by number.
        dates_from_1904: days are counted from 1904 instead of 1900.
    """

    data: bytes
    sheets: dict[str, str]
    strings: tuple[str, ...]
    dates_from_1904: bool = False

    def part(self, name: str) -> bytes:
        """Give one part's bytes.

        Raises:
            UsageFault: it is damaged.
        """
        try:
            return _unpacked(self.data, name)
        except _DAMAGE as error:
            raise UsageFault(f"the workbook is damaged: {error}", where=name) from error


def open_book(data: bytes, *, where: str) -> Book:
    """Read what a workbook is made of.

    Raises:
        UsageFault: it is no workbook, or too large.
    """
    if len(data) > LARGEST:
        raise UsageFault(f"the workbook is larger than {LARGEST:,} bytes.", where=where)
    try:
        names = _names(data)
        book = _xml(_unpacked(data, _BOOK))
        targets = _targets(_xml(_unpacked(data, _RELATIONS)))
        strings = _shared(_xml(_unpacked(data, _STRINGS))) if _STRINGS in names else ()
        return Book(
            data=data,
            sheets=_sheets(book, targets, names),
            strings=strings,
            dates_from_1904=any(
                each.get("date1904") in {"1", "true"}
                for each in book.iter()
                if _local(each.tag) == "workbookPr"
            ),
        )
    except UsageFault as fault:
        raise UsageFault(fault.what, where=where, remedy=fault.remedy) from fault
    except _DAMAGE as error:
        raise UsageFault(
            f"it is no workbook of Excel, or damaged: {error}", where=where, remedy="Save it as .xlsx."
        ) from error


def written(book: Book, changed: Mapping[str, bytes]) -> bytes:
    """Give the file with some parts changed; every other part is as it was, byte for byte."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book.data)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            content = changed[info.filename] if info.filename in changed else source.read(info)
            target.writestr(_like(info), content)
    return out.getvalue()


def _like(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    same = zipfile.ZipInfo(info.filename, info.date_time)
    same.compress_type, same.external_attr = info.compress_type, info.external_attr
    same.create_system, same.comment = info.create_system, info.comment
    return same


def _names(data: bytes) -> frozenset[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
    names = frozenset(info.filename for info in infos)
    if len(infos) > MOST_PARTS or len(names) != len(infos):
        raise UsageFault(f"the workbook has more than {MOST_PARTS:,} parts, or one of them twice.")
    if sum(info.file_size for info in infos) > LARGEST_WHOLE:
        raise UsageFault(f"the workbook unpacks to more than {LARGEST_WHOLE:,} bytes.")
    return names


def _unpacked(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(name) as stream:
        content = stream.read(LARGEST_PART + 1)
    if len(content) > LARGEST_PART:
        raise UsageFault(f"{name} unpacks to more than {LARGEST_PART:,} bytes.")
    return content


def _xml(data: bytes) -> ET.Element:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise UsageFault("a part of the workbook has a document type, or is not in UTF-8.")
    return ET.fromstring(data)  # noqa: S314 - without a document type there are no entities


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _targets(relations: ET.Element) -> dict[str, str]:
    found = {}
    for each in relations:
        target = each.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        found[each.get("Id", "")] = path
    return found


def _sheets(book: ET.Element, targets: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    found = {}
    for each in book.iter():
        if _local(each.tag) == "sheet":
            number = next((each.get(name) for name in _RELATED if each.get(name)), "")
            path = targets.get(number or "", "")
            if path in names:
                found[each.get("name", "")] = path
    return found


def _shared(strings: ET.Element) -> tuple[str, ...]:
    return tuple(text_of(item) for item in strings if _local(item.tag) == "si")


def text_of(item: ET.Element) -> str:
    """Give the text of a string with or without formats; phonetic hints are left out."""
    parts = []
    for child in item:
        if _local(child.tag) == "t":
            parts.append(child.text or "")
        elif _local(child.tag) == "r":
            parts += [each.text or "" for each in child if _local(each.tag) == "t"]
    return "".join(parts)
