"""Windows events exported as JSON: one object a line, an array, or objects laid out over many lines.

What counts as an object is found by its brackets, strings left aside, so the layout does not
matter and a broken object costs only itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

from tocsin.errors import ArtefactError
from tocsin.evidence.event_objects import event_from_object
from tocsin.evidence.events import kind_of_file, number_of, record_of
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.json_objects import FRAME, decoded, pieces
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Unreadable
from tocsin.model.words import Confidence

KIND = "event.json"
LINES = False
FOUND_AT = ("**/winevt/logs/*.json", "**/*.evtx.json", "**/*event*.json", "**/*event*.jsonl", "**/*.ndjson")

_NUMBER = re.compile(r'"(?:EventI[Dd]|event_id|Id)"\s*:')
_PLACE = re.compile(
    r'"(?:Channel|channel|LogName|log_name|ProviderName|provider_name|Provider|SourceName|Source|System)"\s*:'
)
_XML = re.compile(r'"[^"]{1,40}"\s*:\s*"(?:<\?xml [^>]{0,80}>\s*)?<Event xmlns=')
_LONGEST_TEXT = 1 << 16


def recognise(source: Source) -> Confidence:
    """SIGNATURE for an object with an event number and a channel, provider or System part."""
    if not is_text(source.head):
        return Confidence.NO
    head = "\n".join(head_lines(source.head)).lstrip()
    if head[:1] not in {"{", "["} and not re.match(r"Record \d+\s+\{", head):
        return Confidence.NO
    fits = _XML.search(head) or (_NUMBER.search(head) and _PLACE.search(head))
    return Confidence.SIGNATURE if fits else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for every object, and an account of whatever is none."""
    kind = kind_of_file(source.where)
    with closing(source.open()) as stream:
        for line, text, is_object in pieces(stream):
            locator = Locator(path=source.path, line=line)
            item = _object_item(locator, kind, text) if is_object else _between(locator, kind, text)
            kind = item.kind
            yield item


def _object_item(locator: Locator, kind: str, text: str) -> Item:
    try:
        event = event_from_object(decoded(text))
    except ArtefactError as fault:
        return Unreadable(kind=kind, locator=locator, why=fault.what, text=text[:_LONGEST_TEXT])
    place = Locator(path=locator.path, line=locator.line, record=number_of(event.record_id))
    return record_of(event, place, raw=text)


def _between(locator: Locator, kind: str, text: str) -> Item:
    if FRAME.fullmatch(text):
        return Header(kind=kind, locator=locator, text=text.strip()[:_LONGEST_TEXT])
    return Unreadable(kind=kind, locator=locator, why="text outside an event", text=text[:_LONGEST_TEXT])
