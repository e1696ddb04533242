"""The event log writer: what is written is read, at any length, and the file is sound in itself."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artefacts.specimens import source_of_bytes

from tocsin.artefacts import windows_evtx
from tocsin.evidence.events import value_of
from tocsin.exercise.evtx import (
    CHUNK,
    FILE_HEADER,
    FIRST_RECORD,
    EvtxFile,
    TooLong,
    WrittenEvent,
    record_offsets,
    write_evtx,
)
from tocsin.model.records import Record

START = datetime(2021, 3, 3, 6, 49, 42, 123_456, UTC)
SECOND = timedelta(seconds=1)
# Windows ends a string at NUL, and XML has no control characters and no half of a surrogate pair.
TEXTS = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\x7f\ufffe\uffff"),
    max_size=300,
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z ]{0,12}[a-z]", fullmatch=True)


def event(number: int, text: str = "value") -> WrittenEvent:
    return WrittenEvent(
        provider="Contoso",
        event_id=number % 65_536,
        channel="Application",
        time=START + number * SECOND,
        data=[(None, f"{text} {number}"), ("note", text)],
    )


def read(data: bytes) -> list[Record]:
    items = list(windows_evtx.parse(source_of_bytes(data, "C/Windows/System32/winevt/Logs/a.evtx")))
    assert all(isinstance(item, Record) for item in items)
    return [item for item in items if isinstance(item, Record)]


def chunks(data: bytes) -> list[bytes]:
    return [data[at : at + CHUNK] for at in range(FILE_HEADER, len(data), CHUNK)]


@given(
    provider=TEXTS,
    channel=TEXTS,
    data=st.lists(st.tuples(st.none() | NAMES, TEXTS), max_size=8),
    number=st.integers(0, 65_535),
    level=st.integers(0, 255),
    time=st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
)
def test_arbitrary_texts_come_back(
    provider: str,
    channel: str,
    data: list[tuple[str | None, str]],
    number: int,
    level: int,
    time: datetime,
) -> None:
    written = WrittenEvent(
        provider=provider, event_id=number, channel=channel, time=time, data=data, level=level
    )
    (found,) = read(write_evtx([written], first_record=9))
    assert found.locator.record == 9
    assert found.fields["EventID"] == str(number)
    assert found.fields["Level"] == str(level)
    assert found.fields["Channel"] == (channel.strip() or None)
    if found.kind != "iis.etw":
        assert found.time == time
    unnamed = [value for name, value in data if name is None]
    assert [found.fields[f"Data{place}"] for place in range(len(unnamed))] == [*map(value_of, unnamed)]
    names = [name for name, _ in data if name]
    for name, value in data:
        if name and names.count(name) == 1:
            assert found.fields[name] == value_of(value)


@given(st.lists(st.text(max_size=40), max_size=4), st.text(max_size=10))
def test_no_text_stops_the_writer(values: list[str], name: str) -> None:
    """Half a surrogate pair, NUL, control characters: written as they can be, and the log stays whole."""
    strange = WrittenEvent(
        provider=name, event_id=1, channel="System", time=START, data=[(None, value) for value in values]
    )
    data = write_evtx([event(1), strange, event(2)])
    assert [len(record_offsets(chunk)) for chunk in chunks(data)] == [3]


def test_many_chunks_are_numbered_timed_and_sealed() -> None:
    data = write_evtx(map(event, range(2_000)), first_record=70_000)
    found = read(data)
    assert [record.locator.record for record in found] == list(range(70_000, 72_000))
    assert [record.time for record in found] == [START + number * SECOND for number in range(2_000)]
    assert [record.fields["Data0"] for record in found] == [f"value {number}" for number in range(2_000)]
    parts = chunks(data)
    assert len(parts) > 4
    count, following = struct.unpack_from("<H", data, 42)[0], struct.unpack_from("<Q", data, 24)[0]
    assert (count, following) == (len(parts), 72_000)
    assert struct.unpack_from("<I", data, 124)[0] == zlib.crc32(data[:120])
    for part in parts:
        free = struct.unpack_from("<I", part, 48)[0]
        assert struct.unpack_from("<I", part, 52)[0] == zlib.crc32(part[FIRST_RECORD:free])
        assert struct.unpack_from("<I", part, 124)[0] == zlib.crc32(part[:120] + part[128:FIRST_RECORD])


def test_records_carry_the_time_of_their_event() -> None:
    part = chunks(write_evtx([event(0)]))[0]
    written = struct.unpack_from("<Q", part, FIRST_RECORD + 16)[0]
    since_1601 = START - datetime(1601, 1, 1, tzinfo=UTC)
    assert written == since_1601 // timedelta(microseconds=1) * 10


def test_the_lists_of_names_and_templates_lead_to_all_of_them() -> None:
    """Readers that go by these lists (libevtx, python-evtx) find what the records refer to."""
    events = [event(1), WrittenEvent(provider="P", event_id=1, channel="c", time=START, user_id="S-1-5-18")]
    part = chunks(write_evtx(events * 3))[0]
    names = []
    for bucket in range(64):
        place = struct.unpack_from("<I", part, 128 + 4 * bucket)[0]
        while place:
            following, value, length = struct.unpack_from("<IHH", part, place)
            assert value % 64 == bucket
            names.append(part[place + 8 : place + 8 + 2 * length].decode("utf-16-le"))
            place = following
    assert len(names) == len(set(names))
    assert {"Event", "System", "EventData", "Data", "UserID", "xmlns"} <= set(names)
    templates = []
    for bucket in range(32):
        place = struct.unpack_from("<I", part, 384 + 4 * bucket)[0]
        while place:
            following, ident = struct.unpack_from("<II", part, place)
            assert ident % 32 == bucket
            assert part[place - 10] == 0x0C
            assert struct.unpack_from("<I", part, place - 4)[0] == place
            templates.append(ident)
            place = following
    assert len(set(templates)) == 2


def test_a_template_is_written_once_a_chunk() -> None:
    one, many = chunks(write_evtx([event(1)]))[0], chunks(write_evtx(map(event, range(1, 9))))[0]
    sizes = [struct.unpack_from("<I", many, place + 4)[0] for place in record_offsets(many)]
    assert sizes[0] == struct.unpack_from("<I", one, FIRST_RECORD + 4)[0]
    assert max(sizes[1:]) < sizes[0] // 2
    assert one.count("EventRecordID".encode("utf-16-le")) == many.count("EventRecordID".encode("utf-16-le"))


class Watched(io.BytesIO):
    """Remembers the longest piece that was written at once."""

    longest = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]  # only bytes are written here
        self.longest = max(self.longest, len(data))
        return super().write(data)


def test_a_log_is_written_chunk_by_chunk() -> None:
    stream = Watched()
    log = EvtxFile(stream)
    for number in range(3_000):
        assert log.add(event(number)) == number + 1
        assert len(stream.getbuffer()) >= FILE_HEADER + (number // 400) * CHUNK
    log.close()
    assert stream.longest == CHUNK
    assert stream.getvalue() == write_evtx(map(event, range(3_000)))


@pytest.mark.parametrize("length", [32_600, 32_767, 40_000, 200_000])
def test_what_no_chunk_can_hold_is_refused_and_costs_nothing_else(length: int) -> None:
    stream = io.BytesIO()
    log = EvtxFile(stream)
    log.add(event(1))
    with pytest.raises(TooLong, match="longer than"):
        log.add(event(2, "x" * length))
    assert log.add(event(3)) == 2
    log.close()
    assert [record.fields["Data0"] for record in read(stream.getvalue())] == ["value 1", "value 3"]


def test_the_longest_that_fits_is_written() -> None:
    found = read(write_evtx([event(1, "x" * 15_000), event(2, "y" * 15_000), event(3)]))
    assert [len(record.fields["note"] or "") for record in found] == [15_000, 15_000, 5]


def test_equal_events_give_equal_bytes() -> None:
    assert write_evtx(map(event, range(500))) == write_evtx(map(event, range(500)))
