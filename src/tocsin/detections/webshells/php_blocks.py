"""PHP between its marks: here the code is read first, so ``?>`` in a text does not end a block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.detections.webshells.blocks import Block, Kind, Language
from tocsin.model.expressions import compiled

_OPEN = re.compile(
    r"<\?(?:(=)|php(?=\s|\Z)|(?!xml\b)(?!php)(?!=))|<script\b[^>]{0,80}\blanguage\s*=\s*[\"']?php\b[^>]{0,80}>",
    re.IGNORECASE,
)
_STRICT = re.compile(
    r"<\?(?:(=)|php(?=\s|\Z))|<script\b[^>]{0,80}\blanguage\s*=\s*[\"']?php\b[^>]{0,80}>", re.IGNORECASE
)
_STEP = compiled(
    r"\?>|</script\s*>|\"(?:[^\"\\]++|\\.)*+(?:\"|\Z)|'(?:[^'\\]++|\\.)*+(?:'|\Z)|`(?:[^`\\]++|\\.)*+(?:`|\Z)"
    r"|/\*.*?(?:\*/|\Z)|(?://|\#(?!\[))(?:[^\r\n?]++|\?(?!>))*+"
    r"|<<<[ \t]*([\"']?)(\w+)\1\r?\n",
    re.DOTALL | re.IGNORECASE,
)


def php_blocks(text: str, *, short: bool) -> Iterator[Block]:
    """Yield PHP code; ``short`` takes ``<?`` for an opening mark, too."""
    opening = _OPEN if short else _STRICT
    at = 0
    while match := opening.search(text, at):
        script = match.group().startswith(("<s", "<S"))
        end, at = _end(text, match.end(), script=script)
        kind = Kind.EXPRESSION if match.group(1) else Kind.SERVER_SCRIPT if script else Kind.CODE
        yield Block(kind=kind, language=Language.PHP, start=match.end(), end=end, closed=at > end)


def _end(text: str, at: int, *, script: bool) -> tuple[int, int]:
    """Give where the code ends and where the text goes on."""
    while step := _STEP.search(text, at):
        word = step.group()
        if word == "?>" or (script and word.startswith("</")):
            return step.start(), step.end()
        at = _behind_heredoc(text, step) if step.group(2) else step.end()
    return len(text), len(text)


def _behind_heredoc(text: str, step: re.Match[str]) -> int:
    closing = re.compile(rf"^[ \t]*{re.escape(step.group(2))}\b", re.MULTILINE).search(text, step.end())
    return closing.end() if closing else len(text)
