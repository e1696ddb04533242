"""Razor: ``@{ }``, ``@functions { }``, ``@(…)``, ``@Name.Member(…)``; the server leaves out ``@* *@``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.detections.webshells.blocks import Block, Kind, Language
from tocsin.model.expressions import compiled

_OPEN = re.compile(
    r"@\*.*?(?:\*@|\Z)|@(?:(functions|code)\s{0,20})?\{|@(?:if|for|foreach|while|using|switch|try|lock)\b|@\(|@([A-Za-z_]\w*(?:\.\w+)*)(?=[\[(])",
    re.DOTALL,
)
_STEP = compiled(
    r"[{}()\[\]]|@?\"(?:[^\"\\\r\n]|\\.)*+\"|'(?:[^'\\\r\n]|\\.){1,8}'|//[^\r\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL
)
_OPENING = "{(["
_LIMIT = 200_000


def razor_blocks(text: str) -> Iterator[Block]:
    """Yield the code of a Razor page."""
    at = 0
    while match := _OPEN.search(text, at):
        word = match.group()
        if word.startswith("@*"):
            yield Block(kind=Kind.COMMENT, start=match.start(), end=match.end())
            at = match.end()
            continue
        at = _end(text, match.end() if word[-1] in "{(" else match.start() + 1, depth=int(word[-1] in "{("))
        yield _block(match, at, whole=word[-1] not in "{(")


def _block(match: re.Match[str], at: int, *, whole: bool) -> Block:
    kind = Kind.DECLARATION if match.group(1) else Kind.CODE
    if match.group().endswith("(") or match.group(2):
        kind = Kind.EXPRESSION
    start = match.start() + 1 if whole else match.end()
    end = at if whole else max(at - 1, start)
    return Block(kind=kind, language=Language.CSHARP, start=start, end=end)


def _end(text: str, at: int, *, depth: int) -> int:
    """Give the place behind the bracket that closes; a plain ``@if (…) { … }`` ends with its braces."""
    braces = False
    until = min(len(text), at + _LIMIT)
    while step := _STEP.search(text, at, until):
        at = step.end()
        word = step.group()
        if word in {"{", "(", "["}:
            depth += 1
            braces = braces or word == "{"
        elif word in {"}", ")", "]"}:
            depth -= 1
            if (
                depth <= 0
                and (text[at : at + 1] not in {".", "[", "("})
                and (braces or not _goes_on(text, at))
            ):
                return at
    return until


def _goes_on(text: str, at: int) -> bool:
    return bool(re.compile(r"\s*\{").match(text, at))
