"""Property lists of virtual directories in texts: a saved HTTP response, an administrator's export.

Server pages that hold such a list belong to ``web_file``. Every line outside the lists is given as
text of no known kind, so that it is still searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.server_pages import is_server_page
from tocsin.evidence.source import Source
from tocsin.evidence.text_blocks import read_blocks
from tocsin.evidence.vdir_lists import KIND, VdirList, find_lists, looks_like_list, vdir_record
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record, Unreadable
from tocsin.model.words import Confidence

LINES = False
FOUND_AT = ("**/*virtualdirectory*", "**/*vdir*", "**/*.html", "**/*.htm")

__all__ = ["FOUND_AT", "KIND", "LINES", "parse", "recognise"]

_LONGEST = 1 << 25
_RAW = 4096


def recognise(source: Source) -> Confidence:
    """SHAPE for a text that begins with, or soon has, such a list and is no server page."""
    if is_server_page(source.where) or not is_text(source.head):
        return Confidence.NO
    return Confidence.SHAPE if looks_like_list("\n".join(head_lines(source.head))) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for every list, ``text.unknown`` for every other line that is not blank.

    A text longer than 32 Mi characters is cut there, which is said.
    """
    text, cut = _text(source)
    lists = list(find_lists(text))
    for vdir in lists:
        yield vdir_record(vdir, source.path)
    yield from _other_lines(source.path, text, lists)
    if cut:
        yield Unreadable(
            kind=KIND,
            locator=Locator(path=source.path),
            why="the rest of a text this long is not read",
            text="",
        )


def _text(source: Source) -> tuple[str, bool]:
    blocks, size = [], 0
    with closing(source.open()) as stream:
        for block in read_blocks(stream):
            blocks.append(block)
            size += len(block)
            if size > _LONGEST:
                return "".join(blocks), True
    return "".join(blocks), False


def _other_lines(path: str, text: str, lists: list[VdirList]) -> Iterator[Record]:
    ends, taken = {vdir.line: vdir.end for vdir in lists}, 0
    for number, line in enumerate(text.split("\n"), 1):
        taken = max(taken, ends.get(number, 0))
        if number > taken and line and not line.isspace():
            bare = line.rstrip("\r")
            yield Record(
                kind="text.unknown",
                locator=Locator(path=path, line=number),
                time=None,
                fields={"Text": bare},
                weak=True,
                raw=bare[:_RAW],
            )
