"""Tags that hold code: ``<script runat=server>``, ``<object runat=server>``, JSP in XML, XSLT, ColdFusion."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from tocsin.detections.webshells.blocks import Block, Kind, Language
from tocsin.detections.webshells.inventory import Family
from tocsin.detections.webshells.markup import attributes_of
from tocsin.model.expressions import compiled

_TAG = compiled(
    r"(<%(?:--)?)|<(?:(script|object|asp:textbox|asp:fileupload|asp:hiddenfield|asp:dropdownlist|asp:listbox|input|textarea|select)"
    r"|([\w.-]{1,40}):(scriptlet|declaration|expression|script|usebean)"
    r")(?=[\s>/])",
    re.IGNORECASE,
)
_INSIDE = compiled(
    r"(?:[^>\"'<%]++|\"[^\"]{0,4000}+\"|'[^']{0,4000}+'|<%[^%]{0,2000}+(?:%(?!>)[^%]{0,2000}+){0,40}+%>|[<%])*+"
)
_ENDLESS = 8
"""Texts' lengths that tags without an end may cost before they are taken to have none near by."""
_NEAR = 256
_SERVER_SCRIPT = re.compile(
    r"<script\b([^>]{0,600}\brunat\s{0,4}=\s{0,4}\\?[\"']?server[^>]{0,600})>", re.IGNORECASE
)
_SSI = re.compile(r"<!--\s{0,9}#(include|exec)\s([^<>]{0,600}?)-->", re.IGNORECASE)
_COLD = re.compile(
    r"<(cf(?:execute|file|query|directory|include|module|registry|ftp|object|http|content|wddx|script|invoke))(?=[\s>/])",
    re.IGNORECASE,
)
_COLD_COMMENT = re.compile(r"<!---.*?(?:--->|\Z)", re.DOTALL)
_EL = re.compile(r"[$#]\{([^{}]{2,2000})\}")
_JSP_KINDS = {"scriptlet": Kind.CODE, "declaration": Kind.DECLARATION, "expression": Kind.EXPRESSION}
_CONFIG = re.compile(
    r"<(/?)(handlers|httpHandlers|buildProviders|isapiFilters|modules|httpModules|fastCgi)\b([^<>]{0,2000})>"
    r"|<(?:add|application)\b([^<>]{0,2000})>",
    re.IGNORECASE,
)
_XML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def tag_blocks(text: str, family: Family) -> Iterator[Block]:
    """Yield blocks that tags open."""
    yield from _tags(text, family)
    if "#" in text and "<!--" in text:
        yield from _includes(text)
    if family is Family.COLDFUSION:
        yield from _cold(text)
    if family is Family.JSP:
        yield from _expressions(text)


def config_blocks(text: str) -> Iterator[Block]:
    """Yield what a ``.config`` maps to code."""
    comments = _Stretches([match.span() for match in _XML_COMMENT.finditer(text)])
    section = ""
    for match in _CONFIG.finditer(text):
        if match.start() in comments:
            continue
        closing, name, rest, attributes = match.groups()
        if name:
            section = "" if closing or rest.endswith("/") else name.lower()
        elif section:
            yield Block(
                kind=Kind.CONFIG,
                start=match.start(),
                end=match.end(),
                name=section,
                attributes=attributes_of(attributes),
            )


class _Stretches:
    """Stretches of a text in order, which answer whether a place lies within one."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in spans]
        self._ends = list(accumulate((end for _, end in spans), max))

    def __contains__(self, at: int) -> bool:
        found = bisect.bisect_right(self._starts, at) - 1
        return found >= 0 and at < self._ends[found]


class _Insides:
    """Reads the insides of tags; all tags without an end together cost a bounded time."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = _ENDLESS * len(text)

    def read(self, at: int) -> str | None:
        """Give what stands between a tag's name and its end; None for a tag that does not end."""
        until = len(self._text) if self._left > 0 else min(len(self._text), at + _NEAR)
        match = _INSIDE.match(self._text, at, until)
        end = match.end() if match else at
        if self._text.startswith(">", end):
            return self._text[at:end]
        self._left -= end - at
        return None


def _tags(text: str, family: Family) -> Iterator[Block]:
    insides = _Insides(text)
    at = 0
    while match := _TAG.search(text, at):
        at = match.end()
        percent, tag, prefix, local = match.groups()
        if percent:
            at = _behind(text, "--%>" if percent.endswith("--") else "%>", at)
            continue
        inside = insides.read(at)
        if inside is None:
            continue
        at += len(inside) + 1
        block = (
            _prefixed(text, (match.start(), at), inside, local.lower(), family)
            if prefix
            else _plain(text, (match.start(), at), inside, tag.lower())
        )
        if block is not None:
            yield block
            at = max(block.start, block.end)


def _behind(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return found + len(mark) if found >= 0 else len(text)


def _plain(text: str, span: tuple[int, int], inside: str, tag: str) -> Block | None:
    start, end = span
    simple = _SERVER_SCRIPT.match(text, start) if tag == "script" else None
    if simple:
        return _script(text, simple.end(), attributes_of(simple.group(1)))
    attributes = attributes_of(inside)
    server = attributes.get("runat", "").lower() == "server"
    if tag == "script":
        if server or attributes.get("language", "").lower() == "php":
            return _script(text, end, attributes)
        return None
    if not server:
        return None
    if tag == "object":
        return Block(kind=Kind.OBJECT, start=start, end=end, name="object", attributes=attributes)
    name = tag.removeprefix("asp:")
    return Block(kind=Kind.CONTROL, start=start, end=end, name=name, attributes=attributes)


def _script(text: str, start: int, attributes: dict[str, str]) -> Block:
    found = _CLOSING["script"].search(text, start)
    language = Language.PHP if attributes.get("language", "").lower() == "php" else Language.NONE
    return Block(
        kind=Kind.SERVER_SCRIPT,
        language=language,
        start=start,
        end=found.start() if found else len(text),
        closed=bool(found),
        attributes=attributes,
    )


_CLOSING = {
    "script": re.compile(r"</(?:[\w.-]+:)?script\b", re.IGNORECASE),
    "scriptlet": re.compile(r"</[\w.-]+:scriptlet\b", re.IGNORECASE),
    "declaration": re.compile(r"</[\w.-]+:declaration\b", re.IGNORECASE),
    "expression": re.compile(r"</[\w.-]+:expression\b", re.IGNORECASE),
}


def _prefixed(text: str, span: tuple[int, int], inside: str, local: str, family: Family) -> Block | None:
    start, end = span
    attributes = attributes_of(inside)
    if local == "usebean":
        return Block(kind=Kind.OBJECT, start=start, end=end, name="usebean", attributes=attributes)
    if local == "script" and "implements-prefix" not in attributes:
        return None
    if local != "script" and family is not Family.JSP:
        return None
    if inside.endswith("/"):
        return None
    found = _CLOSING[local].search(text, end)
    return Block(
        kind=_JSP_KINDS.get(local, Kind.SERVER_SCRIPT),
        language=Language.NONE if local == "script" else Language.JAVA,
        start=end,
        end=found.start() if found else len(text),
        closed=bool(found),
        attributes=attributes,
    )


def _includes(text: str) -> Iterator[Block]:
    for match in _SSI.finditer(text):
        yield Block(
            kind=Kind.TAG if match.group(1).lower() == "exec" else Kind.DIRECTIVE,
            start=match.start(),
            end=match.end(),
            name=f"#{match.group(1).lower()}",
            attributes=attributes_of(match.group(2)),
        )


def _cold(text: str) -> Iterator[Block]:
    comments = _Stretches([match.span() for match in _COLD_COMMENT.finditer(text)])
    insides = _Insides(text)
    at = 0
    while match := _COLD.search(text, at):
        at = match.end()
        if match.start() in comments or (inside := insides.read(at)) is None:
            continue
        at += len(inside) + 1
        yield Block(
            kind=Kind.TAG,
            language=Language.CFML,
            start=match.start(),
            end=at,
            name=match.group(1).lower(),
            attributes=attributes_of(inside),
        )


def _expressions(text: str) -> Iterator[Block]:
    for match in _EL.finditer(text):
        yield Block(kind=Kind.EXPRESSION, language=Language.EL, start=match.start(1), end=match.end(1))
