"""Takes a page apart: which stretches of it are code, directives, objects, controls.

The server finds the marks before any compiler sees the code, so ``%>`` inside a text of the code ends
a block of ASP, ASP.NET and JSP (PHP alone reads its code first). Code in HTML comments still runs.
"""

from __future__ import annotations

from tocsin.detections.webshells.blocks import Block, Kind, Language, Page
from tocsin.detections.webshells.guessing import named_language, page_language
from tocsin.detections.webshells.inventory import Family
from tocsin.detections.webshells.percent_blocks import percent_blocks
from tocsin.detections.webshells.php_blocks import php_blocks
from tocsin.detections.webshells.razor_blocks import razor_blocks
from tocsin.detections.webshells.tag_blocks import config_blocks, tag_blocks

MOST_BLOCKS = 100_000
"""Blocks of one page that are looked at; empty ones do not count."""

_PERCENT = frozenset(
    {Family.ASPNET, Family.ASP, Family.JSP, Family.CONFIG, Family.HTML, Family.OTHER, Family.XSLT}
)


def read_page(text: str, family: Family) -> Page:
    """Give the page's blocks in order, each with its language; never raises."""
    found = _found(text, family)
    language = page_language(text, found, family)
    blocks = tuple(_spoken(block, language, family) for block in found)
    return Page(blocks=blocks, language=language)


def _found(text: str, family: Family) -> list[Block]:
    if family is Family.PHP:
        return sorted(php_blocks(text, short=True), key=_place)[:MOST_BLOCKS]
    blocks = list(tag_blocks(text, family))
    if family is Family.RAZOR:
        blocks += razor_blocks(text)
    if family is Family.CONFIG:
        blocks += config_blocks(text)
    if family in _PERCENT:
        blocks += percent_blocks(text, blocks)
    return sorted((block for block in blocks if block.end > block.start), key=_place)[:MOST_BLOCKS]


def _place(block: Block) -> int:
    return block.start


def _spoken(block: Block, page: Language, family: Family) -> Block:
    """Give the block its language: its own, or the page's."""
    if block.language is not Language.NONE or block.kind not in _SPEAKING:
        return block
    own = block.attributes.get("language", "")
    language = (named_language(own, family) if own else Language.NONE) or page
    return _with_language(block, language)


_SPEAKING = frozenset({Kind.CODE, Kind.EXPRESSION, Kind.DECLARATION, Kind.SERVER_SCRIPT, Kind.BODY})


def _with_language(block: Block, language: Language) -> Block:
    return Block(
        kind=block.kind,
        language=language,
        start=block.start,
        end=block.end,
        closed=block.closed,
        name=block.name,
        attributes=block.attributes,
    )
