"""Requests exported as JSON by a search engine or a forwarder: IIS and HttpProxy rows, taken apart.

The records carry the kind of the log that they come from, and are weak. An object that shows no
request is searched as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

from tocsin.errors import ArtefactError
from tocsin.evidence.exported_rows import request_of_object
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.json_objects import FRAME, decoded, pieces
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Unreadable
from tocsin.model.words import Confidence

KIND = "web.json"
LINES = False
FOUND_AT: tuple[str, ...] = ()

_NAME = re.compile(
    r'"(?:[\w.]{0,40}\.)?(?:cs[_-]?uri[_-]?stem|urlstem|anchormailbox|iis|url(?:\.\w{1,20})?)"\s*:',
    re.IGNORECASE,
)
_ROW = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S{1,60} (?:\S{1,60} ){0,2}[A-Z_]{3,15} /")
_LONGEST_TEXT = 1 << 16


def recognise(source: Source) -> Confidence:
    """SIGNATURE for an object that has a path under a name of the logs, or a row of IIS as text."""
    if not is_text(source.head):
        return Confidence.NO
    head = "\n".join(head_lines(source.head)).lstrip()
    if head[:1] not in {"{", "["}:
        return Confidence.NO
    return Confidence.SIGNATURE if _NAME.search(head) or _ROW.search(head) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for every object that shows a request, and an account of whatever shows none."""
    with closing(source.open()) as stream:
        for line, text, is_object in pieces(stream):
            locator = Locator(path=source.path, line=line)
            yield _request(locator, text) if is_object else _between(locator, text)


def _request(locator: Locator, text: str) -> Item:
    try:
        found = request_of_object(decoded(text), locator, text)
    except ArtefactError as fault:
        return Unreadable(kind=KIND, locator=locator, why=fault.what, text=text[:_LONGEST_TEXT])
    why = "an object without a request"
    return found or Unreadable(kind=KIND, locator=locator, why=why, text=text[:_LONGEST_TEXT])


def _between(locator: Locator, text: str) -> Item:
    if FRAME.fullmatch(text):
        return Header(kind=KIND, locator=locator, text=text.strip()[:_LONGEST_TEXT])
    why = "text outside an object"
    return Unreadable(kind=KIND, locator=locator, why=why, text=text[:_LONGEST_TEXT])
