"""One file, seen by every stage: text, what it is, its blocks, its code, where values go."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from tocsin.detections.webshells import inventory
from tocsin.detections.webshells.blocks import SAID, Block, Kind, Language, Page
from tocsin.detections.webshells.code import Piece, Unit
from tocsin.detections.webshells.flow import trace
from tocsin.detections.webshells.inventory import Found
from tocsin.detections.webshells.languages import GRAMMARS, parse
from tocsin.detections.webshells.php_blocks import php_blocks
from tocsin.detections.webshells.sightings import Traced
from tocsin.detections.webshells.signatures import Scan, Signatures
from tocsin.detections.webshells.template import read_page
from tocsin.detections.webshells.text import Text, read_text

LARGEST = 16 << 20
"""Bytes of a file that are looked at; no page that people wrote is larger."""


_LITTLE = 8_192
"""Characters of code that are parsed whatever the gate says, if they read the request."""
_REQUEST = re.compile(r"\brequest\b|\$_(?:GET|POST|REQUEST|COOKIE|SERVER|FILES)\b", re.IGNORECASE)


class Observed(Struct, frozen=True, kw_only=True):
    """What the stages saw.

    Attributes:
        cut: only the first ``LARGEST`` bytes were looked at.
    """

    path: str
    sha256: str
    size: int
    cut: bool
    text: Text
    found: Found
    page: Page
    scan: Scan = Scan()
    units: tuple[Unit, ...] = ()
    traced: Traced = Traced()


def observe(data: bytes, path: str) -> Observed:
    """Look at a file; every input gives an answer."""
    text = read_text(data[:LARGEST])
    found = inventory.take(text.text, path)
    page = read_page(text.text, found.family)
    scan = signatures().scan(text.text)
    units = tuple(_units(text.text, page)) if scan.suspect or _small(page, text.text) else ()
    traced = _traced(page, units) if units else Traced()
    return Observed(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        cut=len(data) > LARGEST,
        text=text,
        found=found,
        page=page,
        scan=scan,
        units=units,
        traced=traced,
    )


def _units(text: str, page: Page) -> Iterator[Unit]:
    for language, pieces in page.programs().items():
        if language.value in GRAMMARS:
            yield parse(text, language.value, pieces)


def _small(page: Page, text: str) -> bool:
    """Tell whether so little code reads the request that the gate would save nothing."""
    code = [block for block in page.blocks if block.kind in SAID and block.kind is not Kind.EXPRESSION]
    if not code or sum(block.end - block.start for block in code) > _LITTLE:
        return False
    return any(_REQUEST.search(text, block.start, block.end) for block in code)


@cache
def signatures() -> Signatures:
    """Give the scanner, made once."""
    return Signatures()


def _traced(page: Page, units: tuple[Unit, ...]) -> Traced:
    return trace(units, reparse=_reparsed, objects=tuple(_objects(page)), controls=tuple(page.controls()))


def _objects(page: Page) -> Iterator[tuple[str, str]]:
    for block in page.blocks:
        if block.kind is Kind.OBJECT and block.attributes.get("id"):
            identifier = block.attributes.get("progid") or block.attributes.get("classid", "")
            yield block.attributes["id"], re.sub(r"(?i)^clsid:", "", identifier).strip("{} ")


def _reparsed(text: str, language: str) -> Unit | None:
    """Parse a text that the page runs; PHP that leaves its mark first is read as a page again."""
    if language not in GRAMMARS:
        return None
    if language == Language.PHP and "<?" in text:
        blocks: list[Block] = list(php_blocks(text, short=True))
        return parse(text, language, [Piece(block.start, block.end) for block in blocks])
    return parse(text, language)
