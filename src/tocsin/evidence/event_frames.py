"""A first look at an event: who wrote it, which number it has and when, before its data are read.

Logs of events are floods of a few frames: the same provider, number, channel and computer again and
again. A frame is read once and remembered by its text. Where nobody asks about an event of its frame,
or about anything in its text, the event is given as a ``Brief``. Whatever is not exactly as the EVTX
reader and Windows lay an event out is left to be read in full.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from tocsin.errors import ArtefactError
from tocsin.evidence.event_quick import MIDDLE, event_from_reader
from tocsin.evidence.events import derives_fields, frame_fields, kind_of, moment_of
from tocsin.model.places import Locator
from tocsin.model.records import Brief

_REMEMBERED = 16_384
_PLAIN_DATA = re.compile(
    r'</System>\s*<EventData>\s*(?:<Data(?: Name="[^"<>]*")?>[^<]*</Data>\s*)*+</EventData>\s*</Event>\s*\Z'
)
"""What follows ``System`` where every field has the name that stands in an attribute, or none."""


class Interest(Protocol):
    """What somebody wants to know of events."""

    def in_frame(self, kind: str, fields: Mapping[str, str | None]) -> bool:
        """Tell whether an event matters whatever its data are, by kind and ``frame_fields``."""
        ...

    def in_text(self, text: str) -> bool:
        """Tell whether anything in a part of an event's XML may matter; no character in it is escaped."""
        ...


class _Frame(Struct, frozen=True):
    kind: str
    fields: dict[str, str | None]


class Frames:
    """The frames met so far, and whether their events are of interest."""

    def __init__(self, interest: Interest) -> None:
        """Start with none."""
        self._interest = interest
        self._known: dict[tuple[str, str], _Frame | None] = {}

    def brief(self, text: str, path: str, offset: int) -> Brief | None:
        """Give the event in brief; None when it is to be read in full.

        Args:
            text: one document that the EVTX reader wrote.
            path: for the locator.
            offset: of the record, for the locator.
        """
        middle = MIDDLE.match(text, text.find("<TimeCreated "))
        if middle is None or "&" in text:
            return None
        start, after = middle.span()
        end = text.find("</System>", after)
        try:
            frame = self._known[text[:start], text[after:end]]
        except KeyError:
            frame = self._new(text, text[:start], text[after:end])
        if frame is None or not _PLAIN_DATA.match(text, end) or self._interest.in_text(text[end:]):
            return None
        stamp, number = middle.groups()
        locator = Locator(path=path, record=int(number), offset=offset)
        return Brief(kind=frame.kind, locator=locator, time=moment_of(stamp), fields=frame.fields)

    def _new(self, text: str, before: str, after: str) -> _Frame | None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        frame = self._known[before, after] = self._read(text, before, after)
        return frame

    def _read(self, text: str, before: str, after: str) -> _Frame | None:
        """Read the frame of an event; None if its events are to be read in full."""
        if before.count("<System>") != 1 or "<TimeCreated" in after or "<EventRecordID" in after:
            return None
        try:
            event = event_from_reader(text)
        except ArtefactError:
            return None
        kind, fields = kind_of(event), frame_fields(event)
        del fields["EventRecordID"]
        wanted = derives_fields(event) or self._interest.in_frame(kind, fields)
        return None if wanted or self._interest.in_text(before + after) else _Frame(kind, fields)
