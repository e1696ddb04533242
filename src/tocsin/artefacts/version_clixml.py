"""Versions in PowerShell's Export-Clixml: of files (FileVersionInfo) or servers (AdminDisplayVersion).

The object may stand alone, among many, or deep within another, as in a health check's report.
AdminDisplayVersion shows the cumulative update, never the security update.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO

from lxml import etree

from tocsin.errors import ArtefactError
from tocsin.evidence.globs import fits
from tocsin.evidence.heads import head_lines
from tocsin.evidence.source import Source
from tocsin.evidence.versions import KIND, build_of, version_record
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record, Unreadable
from tocsin.model.words import Confidence

LINES = False
FOUND_AT = ("**/*.clixml", "**/*exsetup*.xml", "**/*exchangeserver*.xml", "**/healthchecker*.xml")

__all__ = ["FOUND_AT", "KIND", "LINES", "parse", "recognise"]

_LONGEST = 1 << 27
_SCHEMA = "schemas.microsoft.com/powershell/2004/04"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HINTS = ("FileVersionInfo", "AdminDisplayVersion", "FileVersion", "HealthChecker", "ExSetup")


def recognise(source: Source) -> Confidence:
    """SIGNATURE for Clixml whose head speaks of versions, LOCATION where its name promises them."""
    head = "\n".join(head_lines(source.head))
    if _SCHEMA not in head or "<Objs" not in head:
        return Confidence.NO
    if any(hint in head for hint in _HINTS):
        return Confidence.SIGNATURE
    return Confidence.LOCATION if fits(source.where, FOUND_AT[1:]) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield one record for every version found.

    Raises:
        ArtefactError: the file is too long.
    """
    data = source.read(_LONGEST)
    found = False
    try:
        with closing(BytesIO(data)) as stream:
            for element in _objects(stream):
                record = _record(source.path, element)
                if record is not None:
                    found = True
                    yield record
    except etree.XMLSyntaxError as fault:
        why = f"Clixml that ends or breaks early: {fault.msg}"
        yield Unreadable(kind=KIND, locator=Locator(path=source.path, line=fault.lineno), why=why, text="")
    else:
        if not found:
            raise ArtefactError("Clixml without any file or server version", where=source.path)


def _objects(stream: BytesIO) -> Iterator[etree._Element]:
    walk = etree.iterparse(
        stream,
        events=("end",),
        tag="{*}Obj",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in walk:
        yield element
        parent = element.getparent()
        if parent is not None and _local(parent) == "Objs":
            element.clear()


def _record(path: str, element: etree._Element) -> Record | None:
    values = _members(element)
    locator = Locator(path=path, line=getattr(element, "sourceline", None))
    return _file_record(locator, values) or _server_record(locator, values)


def _file_record(locator: Locator, values: dict[str, str]) -> Record | None:
    if "FileMajorPart" not in values and "FileVersion" not in values:
        return None
    parts = [values.get(f"File{part}Part") for part in ("Major", "Minor", "Build", "Private")]
    numbers = ".".join(part for part in parts if part and part.isdigit())
    return version_record(
        locator,
        File=values.get("FileName") or values.get("OriginalFilename"),
        FileVersion=values.get("FileVersion"),
        ProductVersion=values.get("ProductVersion"),
        Build=build_of(values.get("FileVersionRaw")) or build_of(numbers),
        OriginalFilename=values.get("OriginalFilename"),
        Source="FileVersionInfo",
    )


def _server_record(locator: Locator, values: dict[str, str]) -> Record | None:
    shown = values.get("AdminDisplayVersion")
    if build_of(shown) is None:
        return None
    return version_record(
        locator,
        File=None,
        Server=values.get("Fqdn") or values.get("Name") or values.get("Identity"),
        AdminDisplayVersion=shown,
        Source="AdminDisplayVersion",
    )


def _members(element: etree._Element) -> dict[str, str]:
    """Give the simple members of an object, and what nested objects say of themselves."""
    values: dict[str, str] = {}
    for group in element.iterchildren(etree.Element):
        if _local(group) not in {"Props", "MS"}:
            continue
        for member in group.iterchildren(etree.Element):
            name = member.get("N")
            text = member.text if len(member) == 0 else member.findtext("{*}ToString")
            if name and text:
                values[name] = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return values


def _local(element: etree._Element) -> str:
    """Give the name without namespace; ``QName`` raises on names that the reader lets through."""
    return str(element.tag).rpartition("}")[2]
