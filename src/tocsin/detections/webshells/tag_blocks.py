"""Tags that hold code: ``<script runat=server>``, ``<object runat=server>``, JSP in XML, XSLT, ColdFusion."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.detections.webshells.blocks import Block, Kind, Language
from tocsin.detections.webshells.inventory import Family
from tocsin.detections.webshells.markup import attributes_of
from tocsin.model.expressions import compiled

_INSIDE = r"((?:[^>\"'<%]++|\"[^\"]{0,4000}+\"|'[^']{0,4000}+'|<%.{0,2000}?%>|[<%])*+)"
_TAG = compiled(
    r"(<%(?:--)?)|<(?:(script|object|asp:textbox|asp:fileupload|asp:hiddenfield|asp:dropdownlist|asp:listbox|input|textarea|select)"
    r"|([\w.-]{1,40}):(scriptlet|declaration|expression|script|usebean)"
    rf")(?=[\s>/]){_INSIDE}>",
    re.IGNORECASE | re.DOTALL,
)
_SERVER_SCRIPT = re.compile(
    r"<script\b([^>]{0,600}\brunat\s{0,4}=\s{0,4}\\?[\"']?server[^>]{0,600})>", re.IGNORECASE
)
_SSI = re.compile(r"<!--\s{0,9}#(include|exec)\s([^>]{0,600}?)-->", re.IGNORECASE)
_COLD = compiled(
    rf"<(cf(?:execute|file|query|directory|include|module|registry|ftp|object|http|content|wddx|script|invoke))(?=[\s>/]){_INSIDE}>",
    re.IGNORECASE | re.DOTALL,
)
_COLD_COMMENT = re.compile(r"<!---.*?(?:--->|\Z)", re.DOTALL)
_EL = re.compile(r"[$#]\{([^{}]{2,2000})\}")
_JSP_KINDS = {"scriptlet": Kind.CODE, "declaration": Kind.DECLARATION, "expression": Kind.EXPRESSION}
_CONFIG = re.compile(
    r"<(handlers|httpHandlers|buildProviders|isapiFilters|modules|httpModules|fastCgi)\b[^>]*>(.*?)</\1>",
    re.IGNORECASE | re.DOTALL,
)
_ADD = re.compile(r"<(add|application)\b([^>]{0,2000})>", re.IGNORECASE)
_XML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


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
    comments = [match.span() for match in _XML_COMMENT.finditer(text)]
    for section in _CONFIG.finditer(text):
        for add in _ADD.finditer(text, section.start(2), section.end(2)):
            if not any(start <= add.start() < end for start, end in comments):
                yield Block(
                    kind=Kind.CONFIG,
                    start=add.start(),
                    end=add.end(),
                    name=section.group(1).lower(),
                    attributes=attributes_of(add.group(2)),
                )


def _tags(text: str, family: Family) -> Iterator[Block]:
    at = 0
    while match := _TAG.search(text, at):
        at = match.end()
        percent, tag, prefix, local, inside = match.groups()
        if percent:
            at = _behind(text, "--%>" if percent.endswith("--") else "%>", at)
            continue
        block = (
            _prefixed(text, match, local.lower(), family)
            if prefix
            else _plain(text, match, tag.lower(), inside)
        )
        if block is not None:
            yield block
            at = max(block.start, block.end)


def _behind(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return found + len(mark) if found >= 0 else len(text)


def _plain(text: str, match: re.Match[str], tag: str, inside: str) -> Block | None:
    simple = _SERVER_SCRIPT.match(text, match.start()) if tag == "script" else None
    if simple:
        return _script(text, simple.end(), attributes_of(simple.group(1)))
    attributes = attributes_of(inside)
    server = attributes.get("runat", "").lower() == "server"
    if tag == "script":
        if server or attributes.get("language", "").lower() == "php":
            return _script(text, match.end(), attributes)
        return None
    if not server:
        return None
    if tag == "object":
        return Block(
            kind=Kind.OBJECT, start=match.start(), end=match.end(), name="object", attributes=attributes
        )
    name = tag.removeprefix("asp:")
    return Block(kind=Kind.CONTROL, start=match.start(), end=match.end(), name=name, attributes=attributes)


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


def _prefixed(text: str, match: re.Match[str], local: str, family: Family) -> Block | None:
    attributes = attributes_of(match.group(5))
    if local == "usebean":
        return Block(
            kind=Kind.OBJECT, start=match.start(), end=match.end(), name="usebean", attributes=attributes
        )
    if local == "script" and "implements-prefix" not in attributes:
        return None
    if local != "script" and family is not Family.JSP:
        return None
    if match.group(5).endswith("/"):
        return None
    found = _CLOSING[local].search(text, match.end())
    return Block(
        kind=_JSP_KINDS.get(local, Kind.SERVER_SCRIPT),
        language=Language.NONE if local == "script" else Language.JAVA,
        start=match.end(),
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
    comments = [match.span() for match in _COLD_COMMENT.finditer(text)]
    for match in _COLD.finditer(text):
        if not any(start <= match.start() < end for start, end in comments):
            yield Block(
                kind=Kind.TAG,
                language=Language.CFML,
                start=match.start(),
                end=match.end(),
                name=match.group(1).lower(),
                attributes=attributes_of(match.group(2)),
            )


def _expressions(text: str) -> Iterator[Block]:
    for match in _EL.finditer(text):
        yield Block(kind=Kind.EXPRESSION, language=Language.EL, start=match.start(1), end=match.end(1))
