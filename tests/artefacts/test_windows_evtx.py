"""Event logs: what was written is read, and damage costs only what it hit, and is counted."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artefacts.specimens import source_of_bytes

from tocsin.artefacts import windows_evtx
from tocsin.errors import ArtefactError
from tocsin.evidence.events import value_of
from tocsin.exercise.evtx import (
    CHUNK,
    FILE_HEADER,
    WrittenEvent,
    record_offsets,
    seal_chunk,
    write_evtx,
)
from tocsin.model.records import Item, Lost, Record, Unreadable
from tocsin.model.words import Confidence

PATH = "C/Windows/System32/winevt/Logs/Application.evtx"
START = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)
NAMES = st.text("abcdefgXYZ_ .-", min_size=1, max_size=12).map(str.strip).filter(bool)
# Windows ends a string at NUL, and XML turns a carriage return into a line feed.
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufffe\uffff"), max_size=40)


def events(count: int) -> list[WrittenEvent]:
    return [
        WrittenEvent(
            provider="Contoso",
            event_id=number,
            channel="Application",
            time=START + timedelta(seconds=number),
            data=[("note", f"value {number}")],
        )
        for number in range(1, count + 1)
    ]


def read(data: bytes, path: str = PATH) -> list[Item]:
    return list(windows_evtx.parse(source_of_bytes(data, path)))


def numbers(items: list[Item]) -> list[int | None]:
    return [item.locator.record for item in items if isinstance(item, Record)]


def lost(items: list[Item]) -> int:
    return sum(item.count for item in items if isinstance(item, Lost))


@given(st.lists(st.lists(st.tuples(st.none() | NAMES, VALUES), max_size=6), min_size=1, max_size=5))
def test_what_is_written_is_read(rows: list[list[tuple[str | None, str]]]) -> None:
    written = [WrittenEvent(provider="P", event_id=1, channel="System", time=START, data=row) for row in rows]
    items = read(write_evtx(written))
    assert numbers(items) == list(range(1, len(rows) + 1))
    assert lost(items) == 0
    for row, item in zip(rows, items, strict=True):
        assert isinstance(item, Record)
        unnamed = [value for name, value in row if name is None]
        for place, value in enumerate(unnamed):
            assert _legal(item.fields[f"Data{place}"]) == _legal(value_of(value))


def _legal(text: str | None) -> str | None:
    """Leave out what XML cannot say: the general parser drops it, the quick one keeps it."""
    kept = "".join(letter for letter in text or "" if letter >= " " or letter in "\t\n")
    return value_of(kept)


def test_a_long_log_fills_many_chunks() -> None:
    data = write_evtx(events(900))
    assert len(data) > FILE_HEADER + 2 * CHUNK
    items = read(data)
    assert numbers(items) == list(range(1, 901))
    assert all(isinstance(item, Record) and item.kind == "event.application" for item in items)


@pytest.mark.parametrize("head", [b"", b"\0" * FILE_HEADER, b"ElfFile\0".ljust(FILE_HEADER, b"\xff")])
def test_the_file_header_is_not_needed(head: bytes) -> None:
    data = write_evtx(events(9), per_chunk=3)
    assert numbers(read(head + data[FILE_HEADER:])) == list(range(1, 10))


def test_wrong_checksums_and_a_dirty_flag_cost_nothing() -> None:
    data = bytearray(write_evtx(events(9), per_chunk=3))
    struct.pack_into("<II", data, 120, 1, 0)
    struct.pack_into("<I", data, FILE_HEADER + 52, 0)
    struct.pack_into("<I", data, FILE_HEADER + 124, 0)
    assert numbers(read(bytes(data))) == list(range(1, 10))


def test_a_record_written_after_the_header_was_saved_is_read() -> None:
    """The chunk header of a log in use lags behind its records."""
    data = write_evtx(events(5))
    chunk = bytearray(data[FILE_HEADER:])
    last = record_offsets(bytes(chunk))[-1]
    struct.pack_into("<Q", chunk, 16, 4)
    struct.pack_into("<Q", chunk, 32, 4)
    struct.pack_into("<I", chunk, 48, last)
    items = read(data[:FILE_HEADER] + seal_chunk(bytes(chunk)))
    assert numbers(items) == [1, 2, 3, 4, 5]
    assert lost(items) == 0


@pytest.mark.parametrize("victim", range(1, 6))
def test_a_destroyed_record_costs_itself(victim: int) -> None:
    data = bytearray(write_evtx([*events(1), *events(6)]))
    places = [*record_offsets(bytes(data[FILE_HEADER:])), None]
    start = FILE_HEADER + (places[victim] or 0)
    size = struct.unpack_from("<I", data, start + 4)[0]
    data[start : start + size] = b"\xee" * size
    items = read(bytes(data))
    assert numbers(items) == [number for number in range(1, 8) if number != victim + 1]
    assert lost(items) == 1


@pytest.mark.parametrize("value", [0, 1, 27, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_wrong_size_costs_nothing(value: int) -> None:
    data = bytearray(write_evtx(events(6)))
    place = FILE_HEADER + record_offsets(bytes(data[FILE_HEADER:]))[3]
    struct.pack_into("<I", data, place + 4, value)
    items = read(bytes(data))
    assert numbers(items) == [1, 2, 3, 4, 5, 6]
    assert [item.weak for item in items if isinstance(item, Record)] == [False] * 3 + [True] + [False] * 2


def test_a_truncated_log_counts_what_its_last_chunk_claims() -> None:
    data = write_evtx(events(12), per_chunk=6)
    chunk = data[FILE_HEADER + CHUNK :]
    items = read(data[: FILE_HEADER + CHUNK] + chunk[: record_offsets(chunk)[2]])
    assert numbers(items) == list(range(1, 9))
    assert lost(items) == 4


def test_wiped_chunks_are_counted_from_their_neighbours() -> None:
    data = bytearray(write_evtx(events(12), per_chunk=3))
    data[FILE_HEADER + CHUNK : FILE_HEADER + 3 * CHUNK] = bytes(2 * CHUNK)
    items = read(bytes(data))
    assert numbers(items) == [1, 2, 3, 10, 11, 12]
    assert lost(items) == 6


def test_a_chunk_without_header_is_read() -> None:
    data = bytearray(write_evtx(events(6), per_chunk=3))
    data[FILE_HEADER : FILE_HEADER + 512] = bytes(512)
    assert numbers(read(bytes(data))) == [1, 2, 3, 4, 5, 6]


def test_bytes_missing_between_chunks_shift_only_what_they_cut() -> None:
    data = write_evtx(events(9), per_chunk=3)
    cut = FILE_HEADER + CHUNK + 30_000
    items = read(data[:cut] + data[cut + 1000 :])
    assert numbers(items) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_texts_of_an_unreadable_record_are_kept_for_searching() -> None:
    data = bytearray(write_evtx(events(3)))
    place = FILE_HEADER + record_offsets(bytes(data[FILE_HEADER:]))[1]
    data[place + 24 : place + 40] = b"\xee" * 16
    items = read(bytes(data))
    texts = [item.text for item in items if isinstance(item, Unreadable)]
    assert any("value 2" in text for text in texts)
    assert lost(items) == 1


def test_a_log_never_written_to_is_empty_and_no_error() -> None:
    header = write_evtx([])[:FILE_HEADER]
    assert read(header + bytes(CHUNK)) == []


@pytest.mark.parametrize("data", [b"", b"\0" * 70_000, b"not an event log" * 9000])
def test_what_holds_no_chunk_is_an_error(data: bytes) -> None:
    with pytest.raises(ArtefactError, match=r"event"):
        read(data)


def test_recognition() -> None:
    data = write_evtx(events(1))
    recognise = windows_evtx.recognise
    assert recognise(source_of_bytes(data, "C/export/odd name")) is Confidence.SIGNATURE
    assert recognise(source_of_bytes(b"\0" * FILE_HEADER + data[FILE_HEADER:], "a")) is Confidence.SIGNATURE
    assert recognise(source_of_bytes(b"", PATH)) is Confidence.LOCATION
    assert recognise(source_of_bytes(b"date time", "C/a.log")) is Confidence.NO


@given(st.data())
def test_random_damage_is_accounted_for(data: st.DataObject) -> None:
    """Whatever happens to the body of a chunk: recovered and lost make up what its header claims."""
    log = bytearray(write_evtx(events(8), first_record=50))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(FILE_HEADER + 512, FILE_HEADER + 6000))
        junk = data.draw(st.binary(min_size=1, max_size=64))
        log[at : at + len(junk)] = junk
    items = read(bytes(log))
    claimed = set(range(50, 58))
    assert lost(items) == len(claimed) - len(claimed & _header_numbers(items, bytes(log)))
    assert len(log) == FILE_HEADER + CHUNK


def _header_numbers(items: list[Item], log: bytes) -> set[int]:
    """Give the numbers in the record heads at the places where records were recovered."""
    places = [item.locator.offset or 0 for item in items if isinstance(item, Record)]
    return {int(struct.unpack_from("<Q", log, place + 8)[0]) for place in places}


@given(st.binary(max_size=3000), st.booleans())
def test_any_bytes_give_items_or_an_artefact_error(junk: bytes, with_header: bool) -> None:
    head = write_evtx(events(1))[: FILE_HEADER + 512] if with_header else b""
    try:
        items = read(head + junk)
    except ArtefactError:
        return
    assert all(item.locator.path == PATH for item in items)
