"""One file, seen by every stage: text, what it is, its blocks, its code, where values go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from tocsin.detections.webshells import inventory
from tocsin.detections.webshells.blocks import SAID, Block, Kind, Language, Page
from tocsin.detections.webshells.code import Piece, Unit
from tocsin.detections.webshells.content import Content, held
from tocsin.detections.webshells.flow import trace
from tocsin.detections.webshells.inventory import Found
from tocsin.detections.webshells.languages import GRAMMARS, parse
from tocsin.detections.webshells.php_blocks import php_blocks
from tocsin.detections.webshells.sightings import Traced
from tocsin.detections.webshells.signatures import Scan, Signatures
from tocsin.detections.webshells.template import read_page
from tocsin.detections.webshells.text import Text, read_text
from tocsin.model.expressions import compiled

_LITTLE = 8_192
"""Characters of code that are parsed whatever the gate says, if they read the request."""
_REQUEST = re.compile(r"\brequest\b|\$_(?:GET|POST|REQUEST|COOKIE|SERVER|FILES)\b", re.IGNORECASE)


_NEEDED_MARKS = re.compile(r"\$(?:_[A-Za-z]|\$|\{)|`")
_NEEDED_WORDS = re.compile(
    r"_(?:post|get|request|cookie)\b|globals\b|http_|php://input|getallheaders|apache_request|filter_input"
    r"|import_request|parse_str"
    r"|(?:extract|eval|assert|create_function|system|shell_exec|exec|passthru|popen|proc_open|pcntl_exec|dl|base64_decode"
    r"|gzinflate|gzuncompress|str_rot13|strrev|hex2bin|convert_uudecode)\s{0,4}\("
    r"|\\x[0-9a-f]{2}\\x|[\"']/[^\"'\r\n]{0,80}/[imsux]*e[imsux]*[\"']"
)
"""What PHP in lower case must hold before it is worth reading, beside a word that the gate knows."""
_ANYWHERE = ("_", "http_", "php:", "getall", "apache_", "filter_", "import_", "parse_", "\\", '"', "'")
"""Beginnings of such words that count within longer ones, too; the others begin a word."""
_SHORT = 2_000
"""Characters of a page that are read at once: looking closer would cost as much."""
_CALLS = compiled(r"\$\w{1,60}+(?:\[[^\]\r\n]{0,60}\]|\{\d{1,4}\})?\s{0,4}\(")
_JOINS = re.compile(
    r"[\"'][\w]{1,12}[\"']\s{0,3}\.\s{0,3}[\"'][\w]{1,12}[\"']|str_replace\s{0,3}\(\s{0,3}[\"'][^\"']{1,8}[\"']\s{0,3},\s{0,3}[\"']{2}"
    r"|\$\w{1,40}(?:\[\d+\]|\{\d+\})\s{0,3}\.|\$\w{1,40}\s{0,3}\.\s{0,3}\$\w{1,40}\s{0,3}\.\s{0,3}[\"']\w{1,12}[\"']",
    re.IGNORECASE,
)
"""PHP calls what a variable names, and names are put together."""


class Observed(Struct, frozen=True, kw_only=True):
    """What the stages saw.

    Attributes:
        limits: bounds that were met before the file was read to its end, in words; mostly none.
        cut: there is more of the file than was looked at.
    """

    path: str
    sha256: str
    size: int
    text: Text
    found: Found
    page: Page
    scan: Scan = Scan()
    units: tuple[Unit, ...] = ()
    traced: Traced = Traced()
    limits: tuple[str, ...] = ()
    cut: bool = False


def observe(data: bytes | Content, path: str) -> Observed:
    """Look at a file; every input gives an answer."""
    content = held(data) if isinstance(data, bytes) else data
    text = read_text(content.data)
    found = inventory.take(text.text, path)
    page = read_page(text.text, found.family)
    scan = signatures().scan(text.text)
    wanted = (scan.suspect and _may_act(page, text.text, scan)) or _small(page, text.text)
    units = tuple(_units(text.text, page)) if wanted else ()
    traced = _traced(page, units) if units else Traced()
    return Observed(
        path=path,
        sha256=content.sha256,
        size=content.size,
        text=text,
        found=found,
        page=page,
        scan=scan,
        units=units,
        traced=traced,
        cut=bool(content.left),
        limits=tuple(dict.fromkeys(_limits(content, scan, units, traced))),
    )


def _limits(content: Content, scan: Scan, units: tuple[Unit, ...], traced: Traced) -> Iterator[str]:
    """Yield which bounds were met: what lies beyond them was not seen."""
    if content.left:
        yield content.left
    if scan.gave_up:
        yield "the rules did not come to its end in time"
    for unit in units:
        yield from unit.limits
    if traced.limits:
        yield "its values could not all be followed"


def _units(text: str, page: Page) -> Iterator[Unit]:
    for language, pieces in page.programs().items():
        if language.value in GRAMMARS:
            yield parse(text, language.value, pieces)


def _may_act(page: Page, text: str, scan: Scan) -> bool:
    """Tell whether code reads a request, runs or decodes something: without it, it does no harm by itself."""
    if len(text) <= _SHORT or page.language is not Language.PHP or scan.hits:
        return True
    if _NEEDED_MARKS.search(text) is not None or _names_what_acts(text.lower()):
        return True
    return _CALLS.search(text) is not None and _JOINS.search(text) is not None


def _names_what_acts(low: str) -> bool:
    """Search a text in lower case: an expression that minds no case would take five times as long."""
    for match in _NEEDED_WORDS.finditer(low):
        before = low[match.start() - 1 : match.start()]
        if match.group().startswith(_ANYWHERE) or not (before.isalnum() or before == "_"):
            return True
    return False


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
