"""How alike two pages' code is: 64 minima over runs of normalised tokens.

Names that people choose, texts and numbers are left out of the comparison, so a changed password or a
renamed variable keeps the sketch. One hash per run of tokens goes into one of 64 bins (one-permutation
min-hash, P. Li et al. 2012); the share of equal bins estimates the overlap of the two sets of runs.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from tocsin.detections.webshells.blocks import SAID, Page
from tocsin.model.expressions import compiled

BINS = 64
ALIKE = 0.5
"""Two sketches with this share of equal bins or more are called similar."""
MOST_COMPARED = 2_000
"""Files that are kept for the comparison."""
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


class Sketches:
    """Sketches of files, which say of every new one which of those before it are alike.

    Files are found by the bins that they have in common, so that the others cost nothing.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._files: list[tuple[str, str, int]] = []
        self._by_bin: dict[tuple[int, str], list[int]] = {}
        self._by_hash: dict[str, list[int]] = {}

    def alike(self, path: str, sha256: str, sketch: str) -> list[str]:
        """Give the paths of earlier files with the same bytes or like code; remember this one."""
        bins = _bins(sketch)
        mask = sum(1 << at for at, _ in bins)
        found = set(self._by_hash.get(sha256, ()))
        shared = Counter(chain.from_iterable(self._by_bin.get(one, ()) for one in bins))
        for number, equal in shared.items():
            if equal >= ALIKE * (mask | self._files[number][2]).bit_count():
                found.add(number)
        alike = [self._files[number][0] for number in sorted(found)]
        if len(self._files) < MOST_COMPARED:
            self._remember(path, sha256, bins, mask)
        return alike

    def _remember(self, path: str, sha256: str, bins: list[tuple[int, str]], mask: int) -> None:
        number = len(self._files)
        self._files.append((path, sha256, mask))
        self._by_hash.setdefault(sha256, []).append(number)
        for one in bins:
            self._by_bin.setdefault(one, []).append(number)


def _bins(sketch: str) -> list[tuple[int, str]]:
    """Give the bins that are filled, by number."""
    cut = ((at // 4, sketch[at : at + 4]) for at in range(0, 4 * BINS, 4))
    return [(number, value) for number, value in cut if value != "----"]


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
