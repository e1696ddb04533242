"""A first look at an event: who wrote it, which number it has and when, before its data are read.

Logs of events are floods of a few frames: the same provider, number, channel and computer again and
again. A frame is read once and remembered by its text. Whoever is interested says what he asks of the
events of a frame; an event whose text holds nothing of that need not be read in full. Whatever is not
exactly as the EVTX reader and Windows lay an event out is left to be read in full.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from tocsin.errors import ArtefactError
from tocsin.evidence.event_elements import ILLEGAL
from tocsin.evidence.event_quick import event_from_reader, middle, unescaped
from tocsin.evidence.events import frame_fields, kind_of
from tocsin.model.expressions import compiled

_REMEMBERED = 16_384
_MIDDLE = middle(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z")
_PLAIN_DATA = compiled(
    r"</System>\s*+<EventData>\s*+"
    r'(?:<Data(?: Name="[^"<>]*+")?+>[^<]*+</Data>\s*+)*+'
    r"</EventData>\s*+</Event>\s*+\Z"
)
"""What follows ``System`` where every field has the name that stands in an attribute, or none."""
_USER_DATA = compiled(
    r"</System>\s*+<UserData>\s*+"
    r"(?:</?+(?!UserData|ComplexData|Data )[A-Za-z_][\w.-]*+(?: [^<>]*+)?+>[^<]*+)*+"
    r"</UserData>\s*+</Event>\s*+\Z"
)
"""What follows where the fields of a provider's own element have the names of elements."""


class Asks(Protocol):
    """What is asked of the events of one frame."""

    def among(self, texts: Sequence[str]) -> Collection[int]:
        """Give the places of those texts in which something may matter.

        Args:
            texts: what follows ``System`` in an event's XML, escapes undone.
        """
        ...


class Interest(Protocol):
    """What somebody wants to know of events."""

    def of_frame(self, kind: str, fields: Mapping[str, str | None]) -> Asks | None:
        """Give what is asked of events, by kind and ``frame_fields``; None if all of them matter."""
        ...


class Frame(Struct, frozen=True):
    """What the events of one frame share.

    Attributes:
        kind: of their records.
        fields: ``frame_fields``, without the number of the record.
        asks: what is asked of them.
    """

    kind: str
    fields: Mapping[str, str | None]
    asks: Asks


class Glance(Struct, frozen=True, gc=False):
    """An event that need not be read in full.

    Attributes:
        frame: to which it belongs.
        stamp: its time as written.
        number: of its record.
    """

    frame: Frame
    stamp: str
    number: int


class Frames:
    """The frames met so far, and what is asked of their events."""

    def __init__(self, interest: Interest) -> None:
        """Start with none."""
        self._interest = interest
        self._known: dict[tuple[str, str], Frame | None] = {}
        self._last: tuple[str, str, Frame | None] = ("", "", None)

    def look(self, texts: Sequence[str]) -> list[Glance | None]:
        """Give for each event what is known of it, or None if it is to be read in full.

        Args:
            texts: documents that the EVTX reader wrote.
        """
        asked: dict[int, _Asked] = {}
        found = [self._glance(text, place, asked) for place, text in enumerate(texts)]
        for one in asked.values():
            for at in one.asks.among(one.texts):
                found[one.places[at]] = None
        return found

    def _glance(self, text: str, place: int, asked: dict[int, _Asked]) -> Glance | None:
        before, after, frame = self._last
        found = _MIDDLE.match(text, len(before)) if before and text.startswith(before) else None
        if found is None or not text.startswith(after, found.end()):
            found = _MIDDLE.match(text, text.find("<TimeCreated "))
            if found is None:
                return None
            before, after, frame = self._of(text, *found.span())
        end = found.end() + len(after)
        if frame is None or not _is_plain(text, end):
            return None
        body = text[end:]
        if "&" in body:
            if "&#" in body:
                return None
            body = unescaped(body)
        own = asked.get(id(frame.asks))
        if own is None:
            own = asked[id(frame.asks)] = _Asked(frame.asks, [], [])
        own.places.append(place)
        own.texts.append(body)
        stamp, number = found.groups()
        return Glance(frame, stamp, int(number))

    def _of(self, text: str, start: int, after: int) -> tuple[str, str, Frame | None]:
        """Give what stands around the middle of ``System``, and the frame that it means."""
        key = text[:start], text[after : text.find("</System>", after)]
        try:
            frame = self._known[key]
        except KeyError:
            frame = self._new(text, *key)
        if key in self._known:
            self._last = (*key, frame)
        return (*key, frame)

    def _new(self, text: str, before: str, after: str) -> Frame | None:
        """Read a frame and remember it; an event that is not plain may say another thing of it."""
        if not _is_plain(text, text.find("</System>", len(before))):
            return None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        frame = self._known[before, after] = self._read(text, before, after)
        return frame

    def _read(self, text: str, before: str, after: str) -> Frame | None:
        """Read the frame of an event; None if its events are to be read in full."""
        if before.count("<System>") != 1 or "<TimeCreated" in after or "<EventRecordID" in after:
            return None
        try:
            event = event_from_reader(text)
        except ArtefactError:
            return None
        kind, fields = kind_of(event), frame_fields(event)
        del fields["EventRecordID"]
        asks = self._interest.of_frame(kind, fields)
        return None if asks is None else Frame(kind, fields, asks)


def _is_plain(text: str, end: int) -> bool:
    """Tell whether every value of an event stands in its text in one piece, from the end of ``System``."""
    if _PLAIN_DATA.match(text, end):
        return True
    return _USER_DATA.match(text, end) is not None and not ILLEGAL.search(text, end)


class _Asked(Struct, frozen=True):
    """Events of whose frames the same is asked."""

    asks: Asks
    places: list[int]
    texts: list[str]
