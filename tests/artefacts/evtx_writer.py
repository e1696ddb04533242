"""Write small EVTX files from nothing: binary XML without templates, strings as the only value type.

Layout after the public format notes of libevtx ("Windows XML Event Log (EVTX) format"): a file
header of 4 KiB, chunks of 64 KiB, records of binary XML. A name that is used again is referred to
by its first place in the chunk, as Windows does, so that damage to one record reaches later ones.
The files are made for tests and demonstrations; no event comes from a real machine.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape

FILE_HEADER = 4096
CHUNK = 65_536
FIRST_RECORD = 512
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


@dataclass(frozen=True, kw_only=True)
class Element:
    """An XML element with either a text or children."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: Sequence[Element] = ()
    text: str | None = None

    def xml(self) -> str:
        """Give the same element as XML text."""
        quoted = "".join(f' {key}="{escape(value)}"' for key, value in self.attributes.items())
        inner = "".join(child.xml() for child in self.children) + escape(self.text or "")
        return f"<{self.name}{quoted}>{inner}</{self.name}>"


@dataclass(frozen=True, kw_only=True)
class WrittenEvent:
    """What one record says. ``data``: pairs of a name (or None) and a value."""

    provider: str
    event_id: int
    channel: str
    time: datetime
    data: Sequence[tuple[str | None, str]] = ()
    computer: str = "mail01.contoso.example"
    level: int = 4
    user_data: Element | None = None

    def element(self, record: int) -> Element:
        """Give the event as Windows lays it out, under the record number."""
        body = self.user_data or Element(name="EventData", children=[_data(*pair) for pair in self.data])
        return Element(name="Event", attributes={"xmlns": _NAMESPACE}, children=[self._system(record), body])

    def _system(self, record: int) -> Element:
        stamp = self.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        texts = {
            "EventID": str(self.event_id),
            "Level": str(self.level),
            "EventRecordID": str(record),
            "Channel": self.channel,
            "Computer": self.computer,
        }
        return Element(
            name="System",
            children=[
                Element(name="Provider", attributes={"Name": self.provider}),
                Element(name="TimeCreated", attributes={"SystemTime": stamp}),
                *(Element(name=name, text=text) for name, text in texts.items()),
            ],
        )


def write_evtx(
    events: Iterable[WrittenEvent], *, first_record: int = 1, per_chunk: int | None = None
) -> bytes:
    """Give an EVTX file that holds the events; a new chunk starts when one is full.

    Args:
        events: in the order in which they are written.
        first_record: number of the first record.
        per_chunk: records after which a new chunk starts although there is room.

    Raises:
        ValueError: one event alone does not fit a chunk.
    """
    chunks: list[_Chunk] = [_Chunk(first_record)]
    for event in events:
        full = per_chunk is not None and chunks[-1].count >= per_chunk
        if full or not chunks[-1].add(event):
            chunks.append(_Chunk(chunks[-1].next_record))
            if not chunks[-1].add(event):
                raise ValueError("the event is longer than a chunk")
    body = b"".join(chunk.sealed() for chunk in chunks)
    return _file_header(len(chunks), chunks[-1].next_record) + body


def seal_chunk(chunk: bytes) -> bytes:
    """Give a chunk with its two checksums recomputed, after a change made on purpose."""
    image = bytearray(chunk)
    (free,) = struct.unpack_from("<I", image, 48)
    struct.pack_into("<I", image, 52, zlib.crc32(image[FIRST_RECORD:free]))
    struct.pack_into("<I", image, 124, zlib.crc32(image[:120] + image[128:FIRST_RECORD]))
    return bytes(image)


def record_offsets(chunk: bytes) -> list[int]:
    """Give where the records of an undamaged chunk begin, counted from its start."""
    offsets, place = [], FIRST_RECORD
    (free,) = struct.unpack_from("<I", chunk, 48)
    while place < free:
        offsets.append(place)
        place += int(struct.unpack_from("<I", chunk, place + 4)[0])
    return offsets


def _file_header(chunks: int, next_record: int) -> bytes:
    header = bytearray(FILE_HEADER)
    struct.pack_into(
        "<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, chunks - 1, next_record, 128, 1, 3, FILE_HEADER, chunks
    )
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    return bytes(header)


class _Chunk:
    """One chunk under construction."""

    def __init__(self, first_record: int) -> None:
        self.first_record = first_record
        self.count = 0
        self.last_offset = FIRST_RECORD
        self.records = bytearray()
        self.names: dict[str, int] = {}

    @property
    def next_record(self) -> int:
        return self.first_record + self.count

    def add(self, event: WrittenEvent) -> bool:
        """Append a record; False, and nothing changed, when there is no room."""
        start = FIRST_RECORD + len(self.records)
        names = dict(self.names)
        record = _record(event, self.next_record, start, names)
        if start + len(record) > CHUNK:
            return False
        self.names, self.last_offset = names, start
        self.records += record
        self.count += 1
        return True

    def sealed(self) -> bytes:
        """Give the 64 KiB with header and checksums."""
        image = bytearray(CHUNK)
        image[FIRST_RECORD : FIRST_RECORD + len(self.records)] = self.records
        last = self.next_record - 1
        free = FIRST_RECORD + len(self.records)
        numbers = (self.first_record, last, self.first_record, last)
        struct.pack_into("<8s4Q3I", image, 0, b"ElfChnk\0", *numbers, 128, self.last_offset, free)
        return seal_chunk(bytes(image))


def _record(event: WrittenEvent, number: int, start: int, names: dict[str, int]) -> bytes:
    writer = _BinaryXml(start + 24, names)
    writer.document(event.element(number))
    padding = -len(writer.out) % 8 + 4
    size = 24 + len(writer.out) + padding + 4
    filetime = int((event.time - _EPOCH).total_seconds()) * 10_000_000
    head = struct.pack("<4sIQQ", b"**\0\0", size, number, filetime)
    return head + bytes(writer.out) + bytes(padding) + struct.pack("<I", size)


class _BinaryXml:
    """Binary XML at a known place of a chunk."""

    def __init__(self, base: int, names: dict[str, int]) -> None:
        self.out = bytearray()
        self.base = base
        self.names = names

    def document(self, root: Element) -> None:
        self.out += b"\x0f\x01\x01\x00"
        self._element(root)
        self.out += b"\x00"

    def _element(self, element: Element) -> None:
        self.out += bytes([0x41 if element.attributes else 0x01])
        size_at = self._reserve()
        self._name(element.name)
        if element.attributes:
            self._attributes(element.attributes)
        if element.children or element.text is not None:
            self._content(element)
        else:
            self.out += b"\x03"
        self._fill(size_at)

    def _content(self, element: Element) -> None:
        self.out += b"\x02"
        for child in element.children:
            self._element(child)
        if element.text is not None:
            self._value(element.text)
        self.out += b"\x04"

    def _attributes(self, attributes: Mapping[str, str]) -> None:
        size_at = self._reserve()
        for left, (name, value) in zip(range(len(attributes) - 1, -1, -1), attributes.items(), strict=True):
            self.out += bytes([0x46 if left else 0x06])
            self._name(name)
            self._value(value)
        self._fill(size_at)

    def _value(self, text: str) -> None:
        wide = text.encode("utf-16-le")
        self.out += b"\x05\x01" + struct.pack("<H", len(wide) // 2) + wide

    def _name(self, name: str) -> None:
        here = self.base + len(self.out) + 4
        known = self.names.setdefault(name, here)
        self.out += struct.pack("<I", known)
        if known == here:
            wide = name.encode("utf-16-le")
            self.out += struct.pack("<IHH", 0, _name_hash(name), len(name)) + wide + b"\0\0"

    def _reserve(self) -> int:
        self.out += bytes(4)
        return len(self.out) - 4

    def _fill(self, place: int) -> None:
        struct.pack_into("<I", self.out, place, len(self.out) - place - 4)


def _data(name: str | None, value: str) -> Element:
    return Element(name="Data", attributes={"Name": name} if name else {}, text=value)


def _name_hash(name: str) -> int:
    value = 0
    for letter in name:
        value = value * 65_599 + ord(letter)
    return value & 0xFFFF
