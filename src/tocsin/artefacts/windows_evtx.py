"""Windows event logs (EVTX), read past whatever is damaged in them.

Each chunk is given to the reader by itself, so a dirty file header, a lost chunk or a truncated
end costs only what really stood there. Lost records are the ranges that chunk headers claim,
less the records recovered from them; chunks that are gone altogether are counted from the ranges
of their neighbours. The locator's record number is EventRecordID, which a forwarded or exported
log keeps from its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from io import BytesIO
from typing import TypeVar

from evtx import PyEvtxParser

from tocsin.errors import ArtefactError
from tocsin.evidence.event_frames import Frames, Glance, Interest
from tocsin.evidence.event_quick import event_from_reader
from tocsin.evidence.events import kind_of_file, moments_of, number_of, record_of
from tocsin.evidence.evtx_chunks import CHUNK, FILE_HEADER, MOST_RECORDS, Chunk, Debris, Slot, read_chunks
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Briefs, Given, Item, Lost, Record, Unreadable
from tocsin.model.words import Confidence

KIND = "event.evtx"
LINES = False
FOUND_AT = ("**/winevt/logs/*.evtx", "**/*.evtx")

_LONGEST_TEXT = 1 << 16
_AT_ONCE = 1 << 22
"""Characters of events that are held at once; a chunk of little bytes may give very many."""

T = TypeVar("T", bound=Record | Briefs)
Give = Callable[[str, Chunk, set[int]], Iterator[T]]
"""Yields the records of a chunk of the file at that path, and notes the identifiers of those recovered."""


def recognise(source: Source) -> Confidence:
    """SIGNATURE for the magic number of the file or of its first chunk, LOCATION for the name."""
    head = source.head
    if head.startswith((b"ElfFile\0", b"ElfChnk\0")) or head.startswith(b"ElfChnk\0", FILE_HEADER):
        return Confidence.SIGNATURE
    return Confidence.LOCATION if source.name.endswith(".evtx") else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield every record that can be read, texts of those that cannot, and what is lost.

    Raises:
        ArtefactError: there is no chunk in the file, or no byte.
    """
    yield from _parse(source, _in_full)


def parse_asked(source: Source, interest: Interest) -> Iterator[Given]:
    """Yield the same, but records that are of no interest in brief.

    Raises:
        ArtefactError: as ``parse``.
    """
    yield from _parse(source, partial(_asked, Frames(interest)))


def _parse(source: Source, give: Give[T]) -> Iterator[T | Item]:
    kind = kind_of_file(source.where)
    chunks, before = 0, None
    debris: list[Debris] = []
    with closing(source.open()) as stream:
        for piece in read_chunks(stream):
            if isinstance(piece, Debris):
                debris.append(piece)
                continue
            chunks += 1
            yield from _missing_between(source.path, kind, before, piece, debris)
            for item in _chunk_items(source.path, kind, piece, give):
                kind = item.kind
                yield item
            before, debris = piece, []
    yield from _texts(source.path, kind, debris)
    if not chunks and not _is_unused(source, debris):
        raise ArtefactError(
            "no event chunk in this file" if source.head else "an event log of 0 bytes",
            where=source.path,
            remedy="Collect it again, from a shadow copy if the event log service holds it open.",
        )


def _is_unused(source: Source, debris: list[Debris]) -> bool:
    """Tell a log into which nothing was ever written from one that was wiped or cut."""
    return source.head.startswith(b"ElfFile\0") and all(piece.empty for piece in debris)


def _chunk_items(path: str, kind: str, chunk: Chunk, give: Give[T]) -> Iterator[T | Item]:
    recovered: set[int] = set()
    for item in give(path, chunk, recovered):
        kind = item.kind
        yield item
    yield from _unread(path, kind, chunk, recovered)
    if chunk.first is not None and chunk.last is not None:
        lost = chunk.claimed - len(recovered & set(range(chunk.first, chunk.last + 1)))
        if lost:
            yield Lost(
                kind=kind,
                locator=Locator(path=path, offset=chunk.offset),
                count=lost,
                why=f"of records {chunk.first} to {chunk.last} in this chunk, {lost} could not be recovered",
            )


def _read(document: bytes) -> Iterator[tuple[int, str]]:
    """Yield record identifier and XML; a damaged record is stepped over, with a bound on steps."""
    try:
        records = PyEvtxParser(BytesIO(document), number_of_threads=1).records()
    except (RuntimeError, OSError, ValueError):
        return
    for _ in range(2 * MOST_RECORDS):
        try:
            record = next(records)
        except StopIteration:
            return
        except (RuntimeError, OSError, ValueError):
            continue
        if record is not None:
            yield int(record["event_record_id"]), str(record["data"])


def _in_full(path: str, chunk: Chunk, recovered: set[int]) -> Iterator[Record]:
    slots = {slot.number: slot for slot in chunk.slots}
    for number, xml in _read(chunk.document):
        record = _record(path, chunk, slots.get(number), xml)
        if record is not None:
            recovered.add(number)
            yield record


def _asked(frames: Frames, path: str, chunk: Chunk, recovered: set[int]) -> Iterator[Record | Briefs]:
    """Yield in full what matters, and the stretches between in brief."""
    slots = {slot.number: slot for slot in chunk.slots}
    for numbers, texts in _batches(chunk.document):
        waiting: list[Glance] = []
        for number, xml, glance in zip(numbers, texts, frames.look(texts), strict=True):
            slot = slots.get(number)
            brief = glance if slot is not None and not slot.damaged else None
            if waiting and (brief is None or brief.frame.kind != waiting[0].frame.kind):
                yield _briefs(path, waiting)
                waiting = []
            if brief is not None:
                recovered.add(number)
                waiting.append(brief)
            elif record := _record(path, chunk, slot, xml):
                recovered.add(number)
                yield record
        if waiting:
            yield _briefs(path, waiting)


def _batches(document: bytes) -> Iterator[tuple[list[int], list[str]]]:
    """Yield identifiers and XML of a chunk's records, many at once, but never more than memory bears."""
    numbers, texts, held = list[int](), list[str](), 0
    for number, xml in _read(document):
        numbers.append(number)
        texts.append(xml)
        held += len(xml)
        if held > _AT_ONCE:
            yield numbers, texts
            numbers, texts, held = [], [], 0
    yield numbers, texts


def _briefs(path: str, found: Sequence[Glance]) -> Briefs:
    numbers = tuple(one.number for one in found)
    return Briefs(
        kind=found[0].frame.kind,
        locator=Locator(path=path, record=numbers[0]),
        numbers=numbers,
        times=moments_of([one.stamp for one in found]),
        fields=tuple(one.frame.fields for one in found),
    )


def _record(path: str, chunk: Chunk, slot: Slot | None, xml: str) -> Record | None:
    try:
        event = event_from_reader(xml)
    except ArtefactError:
        return None
    number = number_of(event.record_id)
    if number is None and slot is not None:
        number = slot.number
    offset = chunk.offset + slot.start if slot else chunk.offset
    locator = Locator(path=path, record=number, offset=offset)
    return record_of(event, locator, weak=slot is None or slot.damaged)


def _unread(path: str, kind: str, chunk: Chunk, recovered: set[int]) -> Iterator[Unreadable]:
    """Give what is legible of the records that the reader could not give."""
    for slot in chunk.slots:
        text = "" if slot.number in recovered else chunk.text_of(slot)
        if text:
            yield Unreadable(
                kind=kind,
                locator=Locator(path=path, offset=chunk.offset + slot.start),
                why="a damaged event record; only its texts could be read",
                text=text[:_LONGEST_TEXT],
            )


def _missing_between(
    path: str, kind: str, before: Chunk | None, after: Chunk, debris: list[Debris]
) -> Iterator[Item]:
    """Account for chunks that are gone, from the numbers on both sides of the hole."""
    yield from _texts(path, kind, debris)
    if not debris or before is None or before.last is None or after.first is None:
        return
    gap = after.first - before.last - 1
    if 0 < gap <= MOST_RECORDS * (after.offset - before.offset) // CHUNK:
        yield Lost(
            kind=kind,
            locator=Locator(path=path, offset=debris[0].offset),
            count=gap,
            why=f"the chunks between records {before.last} and {after.first} are gone",
        )


def _texts(path: str, kind: str, debris: list[Debris]) -> Iterator[Unreadable]:
    for piece in debris:
        if piece.text:
            yield Unreadable(
                kind=kind,
                locator=Locator(path=path, offset=piece.offset),
                why="no event chunk where one should stand; only its texts could be read",
                text=piece.text[:_LONGEST_TEXT],
            )
