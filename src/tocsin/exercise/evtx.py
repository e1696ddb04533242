"""Write Windows event logs (EVTX) from nothing: no package does.

Layout after the public format notes of libevtx ("Windows XML Event Log (EVTX) format"): a file
header of 4 KiB, chunks of 64 KiB that refer to nothing outside them, records of binary XML. One
chunk at a time is held in memory. The files are read by evtx, python-evtx and libevtx alike; no
event in them comes from a real machine.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

from tocsin.exercise.binary_xml import Places, TooLong, document, filetime
from tocsin.exercise.written_event import Element, Number, WrittenEvent

__all__ = [
    "CHUNK",
    "FILE_HEADER",
    "FIRST_RECORD",
    "Element",
    "EvtxFile",
    "Number",
    "TooLong",
    "WrittenEvent",
    "record_offsets",
    "seal_chunk",
    "write_evtx",
]

FILE_HEADER = 4096
CHUNK = 65_536
FIRST_RECORD = 512
_HEAD = 24
_NAMES_AT = 128
_TEMPLATES_AT = 384


class EvtxFile:
    """An event log being written to a stream that can seek."""

    def __init__(self, stream: BinaryIO, *, first_record: int = 1, per_chunk: int | None = None) -> None:
        """Leave room for the header.

        Args:
            stream: empty, binary, seekable; the caller closes it after ``close``.
            first_record: number of the first record.
            per_chunk: records after which a new chunk starts although there is room.
        """
        self._stream = stream
        self._per_chunk = per_chunk
        self._chunk = _Chunk(first_record)
        self._chunks = 0
        stream.write(bytes(FILE_HEADER))

    def add(self, event: WrittenEvent) -> int:
        """Write one event, give its record number; a new chunk starts when one is full.

        Raises:
            TooLong: one event alone does not fit a chunk.
        """
        full = self._per_chunk is not None and self._chunk.count >= self._per_chunk
        if full or not self._chunk.add(event):
            if self._chunk.count:
                self._flush()
            if not self._chunk.add(event):
                raise TooLong("the event is longer than a chunk")
        return self._chunk.next_record - 1

    def close(self) -> None:
        """Write what is left, and the header."""
        self._flush()
        self._stream.seek(0)
        self._stream.write(_file_header(self._chunks, self._chunk.next_record))
        self._stream.seek(0, io.SEEK_END)

    def _flush(self) -> None:
        self._stream.write(self._chunk.sealed())
        self._chunks += 1
        self._chunk = _Chunk(self._chunk.next_record)


def write_evtx(
    events: Iterable[WrittenEvent], *, first_record: int = 1, per_chunk: int | None = None
) -> bytes:
    """Give an EVTX file that holds the events; arguments and errors as for ``EvtxFile``."""
    stream = io.BytesIO()
    log = EvtxFile(stream, first_record=first_record, per_chunk=per_chunk)
    for event in events:
        log.add(event)
    log.close()
    return stream.getvalue()


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
    count = min(chunks, 0xFFFF)  # the field is no wider; readers go by the file's length
    struct.pack_into(
        "<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, chunks - 1, next_record, 128, 1, 3, FILE_HEADER, count
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
        self.places = Places()

    @property
    def next_record(self) -> int:
        return self.first_record + self.count

    def add(self, event: WrittenEvent) -> bool:
        """Append a record; False, and nothing changed, when there is no room."""
        start = FIRST_RECORD + len(self.records)
        places = self.places.copy()
        record = _record(event, self.next_record, start, places)
        if start + len(record) > CHUNK:
            return False
        self.places, self.last_offset = places, start
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
        struct.pack_into("<64I", image, _NAMES_AT, *self.places.name_heads)
        struct.pack_into("<32I", image, _TEMPLATES_AT, *self.places.template_heads)
        return seal_chunk(bytes(image))


def _record(event: WrittenEvent, number: int, start: int, places: Places) -> bytes:
    body = document(event.element(number), start + _HEAD, places)
    padding = -len(body) % 8 + 4
    size = _HEAD + len(body) + padding + 4
    head = struct.pack("<4sIQQ", b"**\0\0", size, number, filetime(event.time))
    return head + body + bytes(padding) + struct.pack("<I", size)
