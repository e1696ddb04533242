"""Windows events exported as XML: by wevtutil, PowerShell, the Event Viewer, evtx_dump or a forwarder.

A file may hold one ``Event``, many with no root, an ``Events`` root, UTF-16, ``RenderingInfo``, one
event on many lines or a whole log on one line. Each element is cut out and read by itself, so
that a broken one costs nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

from tocsin.errors import ArtefactError
from tocsin.evidence.event_elements import LONGEST_EVENT, event_from_xml
from tocsin.evidence.events import kind_of_file, number_of, record_of
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.source import Source
from tocsin.evidence.text_blocks import read_blocks
from tocsin.model.expressions import compiled
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Unreadable
from tocsin.model.words import Confidence

KIND = "event.xml"
LINES = False
FOUND_AT = ("**/winevt/logs/*.xml", "**/*.evtx.xml", "**/*event*.xml")

_START = re.compile(r"<(?:[A-Za-z_][\w.-]{0,60}:)?Event(?=[\s>])")
_MARK = re.compile(r"<(?:[A-Za-z_][\w.-]{0,60}:)?Event(?=[\s>])|</(?:[A-Za-z_][\w.-]{0,60}:)?Event\s*>")
_SCHEMA = "schemas.microsoft.com/win/2004/08/events/event"
_FRAME = compiled(
    r"(?:\s++|<\?xml[^<>]*\?>|</?(?:[\w.-]{1,60}:)?Events(?:\s[^<>]*)?>|<!--[^>]*-->|^Record \d+\s*$)++",
    re.MULTILINE,
)
_LONGEST_TEXT = 1 << 16
_LONGEST_TAG = 128


def recognise(source: Source) -> Confidence:
    """SIGNATURE for an event element of the Windows schema, SHAPE for one without its namespace."""
    if not is_text(source.head):
        return Confidence.NO
    head = "\n".join(head_lines(source.head))
    if head.lstrip()[:1] in {"{", "["}:
        return Confidence.NO
    start = _START.search(head)
    if start and _SCHEMA in head[start.start() : start.start() + 1024]:
        return Confidence.SIGNATURE
    has_system = start and "<System" in head and "<EventID" in head
    if has_system or ("<Events" in head and _SCHEMA in head):
        return Confidence.SHAPE
    return Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for every event, and an account of whatever stands between events."""
    kind = kind_of_file(source.where)
    with closing(source.open()) as stream:
        for line, text, is_event in _pieces(stream):
            item = (
                _event_item(source.path, kind, line, text)
                if is_event
                else _between(source.path, kind, line, text)
            )
            kind = item.kind
            yield item


def _event_item(path: str, kind: str, line: int, text: str) -> Item:
    try:
        event = event_from_xml(text)
    except ArtefactError as fault:
        return Unreadable(
            kind=kind, locator=Locator(path=path, line=line), why=fault.what, text=text[:_LONGEST_TEXT]
        )
    locator = Locator(path=path, line=line, record=number_of(event.record_id))
    return record_of(event, locator, raw=text)


def _between(path: str, kind: str, line: int, text: str) -> Item:
    locator = Locator(path=path, line=line)
    if _FRAME.fullmatch(text):
        return Header(kind=kind, locator=locator, text=text.strip()[:_LONGEST_TEXT])
    return Unreadable(kind=kind, locator=locator, why="text outside an event", text=text[:_LONGEST_TEXT])


def _pieces(stream: BinaryIO) -> Iterator[tuple[int, str, bool]]:
    """Yield first line, text and whether it is an event, for events and for what stands between them.

    An event that begins before the last one ended shows that the last one was cut.
    """
    cutter = _Cutter()
    for block in read_blocks(stream):
        cutter.text += block
        yield from cutter.cut()
    yield from cutter.rest()


class _Cutter:
    """Cuts running text at the tags of events; the text it holds stays below twice an event's bound."""

    def __init__(self) -> None:
        self.text = ""
        self.line = 1
        self.inside = False
        self.start = 0
        self.searched = 0

    def cut(self) -> Iterator[tuple[int, str, bool]]:
        """Give what is complete."""
        while mark := _MARK.search(self.text, self.searched):
            opens = mark[0][1] != "/"
            closes_one = self.inside and not opens
            yield from self._take(mark.start() if opens else mark.end(), is_event=closes_one)
            self.inside, self.searched = opens, mark.end()
        self.searched = max(self.searched, len(self.text) - _LONGEST_TAG)
        if len(self.text) - self.start > LONGEST_EVENT:
            yield from self._take(self.searched, is_event=False)
            self.inside = False
        self.text = self.text[self.start :]
        self.searched, self.start = self.searched - self.start, 0

    def rest(self) -> Iterator[tuple[int, str, bool]]:
        """Give what the file's end leaves."""
        yield from self._take(len(self.text), is_event=self.inside)

    def _take(self, end: int, *, is_event: bool) -> Iterator[tuple[int, str, bool]]:
        piece = self.text[self.start : end]
        self.start = end
        blank = len(piece) - len(piece.lstrip())
        if blank < len(piece):
            yield self.line + piece.count("\n", 0, blank), piece[blank:], is_event
        self.line += piece.count("\n")
