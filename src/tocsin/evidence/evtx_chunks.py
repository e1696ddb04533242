r"""The chunks of an EVTX file, each readable by itself, whatever became of the file around it.

After a file header of 4 KiB follow chunks of 64 KiB. A chunk names the range of its records
(first and last number at offset 8 and 16, first and last identifier at 24 and 32, end of the
records at 48); records begin at 512 with ``2a 2a 00 00``, size and identifier, and repeat their
size at the end. Chunks do not refer to one another, so a file header that is dirty, damaged or
lost costs nothing. Source of the layout: libevtx, "Windows XML Event Log (EVTX) format".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

CHUNK = 65_536
FILE_HEADER = 4096
FIRST_RECORD = 512
_MAGIC = b"ElfChnk\0"
_RECORD = b"**\0\0"
_MARK = int.from_bytes(_RECORD, "little")
_HEAD = struct.Struct("<IIQQ")
"""Of a record: mark, size, identifier, time of writing."""
_SIZE = struct.Struct("<I")
_SMALLEST = 32
"""Bytes of the smallest record: a head of 24, a body, and the size repeated."""
MOST_RECORDS = (CHUNK - FIRST_RECORD) // _SMALLEST
_LAST_FILETIME = 2_650_467_744_000_000_000
"""The end of the year 9999."""
_NEVER = 1 << 62
"""A last identifier that no record has: the reader would stop at the one that the header names."""
_STRINGS = re.compile(rb"(?:[\x20-\x7e\xa0-\xff\t]\x00){4,}")


class Slot(Struct, frozen=True, kw_only=True, gc=False):
    """A stretch of a chunk that holds one record, or what is left of one or more.

    Attributes:
        number: the record identifier that stands there; not to be trusted when ``damaged``.
        start: offset within the chunk.
        end: offset of the first byte after it.
        damaged: the head or the repeated size is wrong.
    """

    number: int
    start: int
    end: int
    damaged: bool


class Chunk(Struct, frozen=True, kw_only=True):
    """A chunk made readable by itself.

    Attributes:
        offset: where it stands in the file.
        document: an EVTX file of this chunk alone, with record sizes repaired so that a reader
            gets past damage, and impossible times of writing set to zero.
        first: lowest record identifier that the chunk header claims; without a usable header,
            the lowest of the sound records; None without either.
        last: highest such identifier.
        slots: in order.
    """

    offset: int
    document: bytes
    first: int | None
    last: int | None
    slots: tuple[Slot, ...]

    @property
    def claimed(self) -> int:
        """How many records there should be."""
        return 0 if self.first is None or self.last is None else self.last - self.first + 1

    def text_of(self, slot: Slot) -> str:
        """Give the texts that are still legible in a slot, one a line, for searching."""
        return legible(self.document[FILE_HEADER + slot.start : FILE_HEADER + slot.end])


class Debris(Struct, frozen=True, kw_only=True):
    """A stretch of the file in which a chunk should stand and none does.

    Attributes:
        offset: where it begins.
        empty: nothing but NUL bytes: room never used, or wiped.
        text: what is still legible.
    """

    offset: int
    empty: bool
    text: str


def read_chunks(stream: BinaryIO) -> Iterator[Chunk | Debris]:
    """Yield what stands in each 64 KiB; a chunk that has shifted is found by its magic number."""
    offset, piece = _first_piece(stream)
    while piece:
        end = _end_of(piece)
        yield _chunk(offset, piece[:end]) or _debris(offset, piece[:end])
        offset += end
        piece = piece[end:] + stream.read(min(end, CHUNK))


def _end_of(piece: bytes) -> int:
    """Give where the next chunk begins, if bytes were lost and it begins early; else the piece's end."""
    start = 1
    if piece.startswith(_MAGIC) or _holds_records(piece):
        start = _free(piece) if len(piece) >= FIRST_RECORD else len(piece)
    shift = piece.find(_MAGIC, start)
    return shift if shift > 0 else len(piece)


def legible(data: bytes) -> str:
    """Give the UTF-16 texts of at least four characters, one a line."""
    return "\n".join(found.decode("utf-16-le", "replace") for found in _STRINGS.findall(data))


def _first_piece(stream: BinaryIO) -> tuple[int, bytes]:
    """Skip the file header, unless the file begins with a chunk."""
    head = stream.read(FILE_HEADER)
    if head.startswith(_MAGIC):
        return 0, head + stream.read(CHUNK - len(head))
    return len(head), stream.read(CHUNK)


def _holds_records(piece: bytes) -> bool:
    return piece.startswith(_RECORD, FIRST_RECORD) and _fits(piece, FIRST_RECORD)


def _debris(offset: int, piece: bytes) -> Debris:
    empty = not piece.strip(b"\0")
    return Debris(offset=offset, empty=empty, text="" if empty else legible(piece))


def _chunk(offset: int, piece: bytes) -> Chunk | None:
    has_header = piece.startswith(_MAGIC)
    if not has_header and not _holds_records(piece):
        return None
    image = bytearray(piece.ljust(CHUNK, b"\0"))
    claims = _claims(image) if has_header else (None, None)
    free = _free(image) if claims[0] is not None else CHUNK
    slots = _sound_slots(image, free)
    if slots is None:
        slots = tuple(_slots(image, free, claims))
        _repair(image, slots)
    first, last = claims if claims[0] is not None else _seen(slots)
    _head(image, slots)
    document = _file_header() + bytes(image)
    return Chunk(offset=offset, document=document, first=first, last=last, slots=slots)


def _sound_slots(image: bytearray, free: int) -> tuple[Slot, ...] | None:
    """Give what ``_slots`` gives where nothing is wrong with any record; else None. Most chunks are so."""
    read, size_at, found = _HEAD.unpack_from, _SIZE.unpack_from, list[Slot]()
    place, before = FIRST_RECORD, -1
    while place + _SMALLEST <= CHUNK:
        mark, size, number, written = read(image, place)
        end = place + size
        whole = mark == _MARK and size >= _SMALLEST and end <= CHUNK and size_at(image, end - 4)[0] == size
        if place >= free and not (whole and number == before + 1 and found):
            break
        if not whole or written > _LAST_FILETIME:
            return None
        found.append(Slot(number=number, start=place, end=end, damaged=False))
        place, before = end, number
    return tuple(found)


def _claims(image: bytearray) -> tuple[int | None, int | None]:
    """Read the range of identifiers, or of numbers where the identifiers make no sense."""
    numbers = struct.unpack_from("<4Q", image, 8)
    for first, last in ((numbers[2], numbers[3]), (numbers[0], numbers[1])):
        if 0 < first <= last < first + MOST_RECORDS:
            return first, last
    return None, None


def _seen(slots: tuple[Slot, ...]) -> tuple[int | None, int | None]:
    """Give the range of the sound records themselves, where the header tells none."""
    numbers = [slot.number for slot in slots if not slot.damaged]
    if not numbers or max(numbers) - min(numbers) >= MOST_RECORDS:
        return None, None
    return min(numbers), max(numbers)


def _free(image: bytes | bytearray) -> int:
    (free,) = struct.unpack_from("<I", image, 48)
    return int(free) if FIRST_RECORD <= free <= CHUNK else CHUNK


def _slots(image: bytearray, free: int, claims: tuple[int | None, int | None]) -> Iterator[Slot]:
    """Walk the records up to ``free``, and on while numbers continue (a log that was not closed)."""
    place, before = FIRST_RECORD, None
    while place + _SMALLEST <= CHUNK:
        size, number = struct.unpack_from("<IQ", image, place + 4)
        whole = image.startswith(_RECORD, place) and _fits(image, place)
        if place >= free and not (whole and before is not None and number == before + 1):
            return
        end = place + size if whole else _next_record(image, place, free, claims)
        if end is None and not image[place:].strip(b"\0"):
            return
        if end is None:
            yield Slot(number=number, start=place, end=max(free, place + _SMALLEST), damaged=True)
            return
        yield Slot(number=number, start=place, end=end, damaged=not whole)
        place, before = end, number


def _fits(image: bytes | bytearray, place: int) -> bool:
    """Tell whether a record's size stays in the chunk and is repeated at its end."""
    (size,) = struct.unpack_from("<I", image, place + 4)
    end = place + size
    if size < _SMALLEST or end > len(image):
        return False
    return bool(struct.unpack_from("<I", image, end - 4)[0] == size)


def _next_record(
    image: bytearray, place: int, free: int, claims: tuple[int | None, int | None]
) -> int | None:
    """Find the next sound record that the chunk claims, after a damaged one."""
    first, last = claims
    found = image.find(_RECORD, place + _SMALLEST, free)
    while found != -1:
        if found + _SMALLEST <= CHUNK and _fits(image, found):
            (number,) = struct.unpack_from("<Q", image, found + 8)
            if first is None or last is None or first <= number <= last:
                return found
        found = image.find(_RECORD, found + 1, free)
    return None


def _repair(image: bytearray, slots: tuple[Slot, ...]) -> None:
    """Write the sizes that lead a reader from slot to slot.

    A time of writing that no calendar has would end the reader's walk; the event has its own time.
    """
    for slot in slots:
        if slot.damaged:
            struct.pack_into("<4sI", image, slot.start, _RECORD, slot.end - slot.start)
        (written,) = struct.unpack_from("<Q", image, slot.start + 16)
        if written > _LAST_FILETIME:
            struct.pack_into("<Q", image, slot.start + 16, 0)


def _head(image: bytearray, slots: tuple[Slot, ...]) -> None:
    """Write a chunk header that lets a reader go on to the last slot."""
    image[:8] = _MAGIC
    struct.pack_into("<QQ", image, 24, 1, _NEVER)
    struct.pack_into("<I", image, 40, 128)
    struct.pack_into("<I", image, 48, slots[-1].end if slots else FIRST_RECORD)


def _file_header() -> bytes:
    header = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, 0, 1, 128, 1, 3, FILE_HEADER, 1)
    return header.ljust(FILE_HEADER, b"\0")
