"""How alike two pages' code is: 64 minima over runs of normalised tokens.

Names that people choose, texts and numbers are left out of the comparison, so a changed password or a
renamed variable keeps the sketch. One hash per run of tokens goes into one of 64 bins (one-permutation
min-hash, P. Li et al. 2012); the share of equal bins estimates the overlap of the two sets of runs.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from tocsin.detections.webshells.blocks import SAID, Page
from tocsin.model.expressions import compiled

BINS = 64
ALIKE = 0.5
"""Two sketches with this share of equal bins or more are called similar."""
_RUN = 4
_LONGEST = 400_000
_TOKEN = compiled(
    r"\"(?:[^\"\\\r\n]|\\.)*+\"?|'(?:[^'\\\r\n]|\\.)*+'?|\$?[A-Za-z_]\w*|\d[\w.]*|[^\s\w]", re.DOTALL
)
_COMMON_WORDS = frozenset(
    [
        "if",
        "else",
        "for",
        "foreach",
        "while",
        "do",
        "end",
        "sub",
        "function",
        "dim",
        "set",
        "then",
        "next",
        "loop",
        "return",
        "new",
        "public",
        "private",
        "static",
        "void",
        "string",
        "int",
        "byte",
        "bool",
        "var",
        "try",
        "catch",
        "class",
        "using",
        "import",
        "echo",
        "print",
        "eval",
        "execute",
        "request",
        "response",
        "server",
        "session",
        "form",
        "querystring",
        "process",
        "start",
        "file",
        "write",
        "read",
        "open",
        "close",
        "exec",
        "system",
        "createobject",
        "base64_decode",
    ]
)


def sketch_of(text: str, page: Page) -> str:
    """Give the sketch of a page's code: 64 bins of four hexadecimal digits; empty for a page without code."""
    smallest: list[int] = [-1] * BINS
    for run in _runs(text, page):
        value = zlib.crc32(run.encode("utf-8", "replace")) * 2654435761 & 0xFFFFFFFF
        at, rest = value % BINS, value >> 6
        if smallest[at] < 0 or rest < smallest[at]:
            smallest[at] = rest
    if all(value < 0 for value in smallest):
        return ""
    return "".join("----" if value < 0 else f"{value & 0xFFFF:04x}" for value in smallest)


def likeness(first: str, second: str) -> float:
    """Give the share of equal bins, from 0 to 1, of those that one of the two fills."""
    if not first or not second:
        return 0.0
    pairs = [(first[at : at + 4], second[at : at + 4]) for at in range(0, 4 * BINS, 4)]
    filled = [pair for pair in pairs if pair != ("----", "----")]
    return sum(one == other for one, other in filled) / len(filled) if filled else 0.0


def _runs(text: str, page: Page) -> Iterator[str]:
    window: list[str] = []
    for word in _words(text, page):
        window.append(word)
        if len(window) == _RUN:
            yield " ".join(window)
            del window[0]
    if window and len(window) < _RUN:
        yield " ".join(window)


def _words(text: str, page: Page) -> Iterator[str]:
    left = _LONGEST
    for block in page.blocks:
        if block.kind in SAID and left > 0:
            end = min(block.end, block.start + left)
            left -= end - block.start
            for match in _TOKEN.finditer(text, block.start, end):
                yield _normalised(match.group())


def _normalised(token: str) -> str:
    first = token[0]
    if first in "\"'":
        return "S"
    if first.isdigit():
        return "0"
    if first in "$_" or first.isalpha():
        word = token.lower()
        return word if word in _COMMON_WORDS or word.startswith("$_") else "n"
    return token
