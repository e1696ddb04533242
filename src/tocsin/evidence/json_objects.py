"""JSON objects out of a text: one a line, an array, or laid out over many lines.

What counts as an object is found by its brackets, strings left aside, so the layout does not matter
and a broken object costs only itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from tocsin.errors import ArtefactError
from tocsin.evidence.event_elements import LONGEST_EVENT
from tocsin.evidence.text_blocks import read_blocks
from tocsin.model.expressions import compiled

FRAME = re.compile(r"[\s\[\],]*|\s*Record \d+\s*")
"""What may stand between objects without a meaning of its own."""

_TOKEN = compiled(r'(?<!\\)"(?:[^"\\\n]++|\\.)*+"|[{}\n]|(?<!\\)"')
"""A string, a brace, a line's end, or the quote of a string that the line does not close.

Behind a backslash no string begins: else every quote of a broken string would be tried to the line's end.
"""


def decoded(text: str) -> dict[str, Any]:
    """Decode an object; the standard library reads what is more lenient than the quick decoder allows.

    Raises:
        ArtefactError: no JSON object.
    """
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = _leniently(text)
    if not isinstance(found, dict):
        raise ArtefactError("not a JSON object")
    return found


def _leniently(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as fault:
        raise ArtefactError(f"not a JSON object: {fault}") from fault


def pieces(stream: BinaryIO) -> Iterator[tuple[int, str, bool]]:
    """Yield first line, text and whether it is an object, for objects and for what stands between."""
    cutter = _Cutter()
    for block in read_blocks(stream):
        cutter.text += block
        yield from cutter.cut()
    yield from cutter.rest()


class _Cutter:
    """Cuts running text at the outermost braces; the text it holds is bounded."""

    def __init__(self) -> None:
        self.text = ""
        self.line = 1
        self.depth = 0
        self.searched = 0

    def cut(self, *, final: bool = False) -> Iterator[tuple[int, str, bool]]:
        """Give what is complete. A new line that begins with a brace ends a cut object."""
        start = 0
        for token in _TOKEN.finditer(self.text, self.searched):
            if token[0] == '"' and not final and self.text.find("\n", token.end()) == -1:
                break  # a string that the next block may close
            self.searched = token.end()
            end, is_object = self._meaning(token)
            if end is not None:
                yield from self._piece(start, end, is_object=is_object)
                start = end
        self._drop(start)
        if len(self.text) > LONGEST_EVENT:
            yield from self._piece(0, len(self.text), is_object=False)
            self._drop(len(self.text))
            self.depth = 0

    def _meaning(self, token: re.Match[str]) -> tuple[int | None, bool]:
        """Follow the depth, and tell where a piece ends and whether it is an object."""
        mark = token[0]
        if mark == "{":
            self.depth += 1
            return (token.start() if self.depth == 1 else None), False
        if mark == "}" and self.depth:
            self.depth -= 1
            return (None if self.depth else token.end()), True
        if mark == "\n" and self.depth and self.text.startswith("{", token.end()):
            self.depth = 0
            return token.end(), False
        return None, False

    def rest(self) -> Iterator[tuple[int, str, bool]]:
        """Give what the file's end leaves."""
        yield from self.cut(final=True)
        yield from self._piece(0, len(self.text), is_object=False)

    def _piece(self, start: int, end: int, *, is_object: bool) -> Iterator[tuple[int, str, bool]]:
        piece = self.text[start:end]
        blank = len(piece) - len(piece.lstrip(" \t\r\n,"))
        if blank < len(piece):
            yield self.line + piece.count("\n", 0, blank), piece[blank:], is_object
        self.line += piece.count("\n")

    def _drop(self, end: int) -> None:
        self.text = self.text[end:]
        self.searched = max(self.searched - end, 0)
