"""Versions of Exchange files and servers, in the many ways in which they are written."""

from __future__ import annotations

import re

from tocsin.model.places import Locator
from tocsin.model.records import Record

KIND = "exchange.file-version"

_DOTTED = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,5})\.(\d{1,5})(?![\d.])", re.ASCII)
_DISPLAY = re.compile(
    r"(\d{1,3})\.(\d{1,3})\s*\(\s*Build\s+(\d{1,5})\.(\d{1,5})\s*\)", re.ASCII | re.IGNORECASE
)
_SERIAL = 30_000
"""The directory's serialNumber adds this to the build: ``Version 15.1 (Build 32106.2)``."""


def build_of(text: str | None) -> str | None:
    """Give a four-part build without leading zeros, or None.

    >>> build_of("15.01.2375.007")
    '15.1.2375.7'
    >>> build_of("Version 15.1 (Build 2106.2)")
    '15.1.2106.2'
    >>> build_of("Version 15.1 (Build 32106.2)")
    '15.1.2106.2'
    """
    if not text:
        return None
    display = _DISPLAY.search(text)
    found = display or _DOTTED.search(text)
    if found is None:
        return None
    parts = [int(part) for part in found.groups()]
    if display and _SERIAL <= parts[2] < _SERIAL + 10_000:
        parts[2] -= _SERIAL
    return ".".join(str(part) for part in parts)


def version_record(locator: Locator, *, weak: bool = False, **fields: str | None) -> Record:
    """Give the record of one file's or server's version. ``Build`` is derived where it is not given."""
    given = {name: text.strip() or None if text is not None else None for name, text in fields.items()}
    build = given.pop("Build", None)
    texts = (given.get("FileVersion"), given.get("ProductVersion"), given.get("AdminDisplayVersion"))
    build = build or next(filter(None, map(build_of, texts)), None)
    return Record(kind=KIND, locator=locator, time=None, fields={**given, "Build": build}, weak=weak)
