"""Events exported as XML and JSON: the same records as from EVTX, and nothing lost around damage."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import evtx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artefacts.specimens import source_of_bytes

from tocsin.artefacts import event_json, event_xml, windows_evtx
from tocsin.errors import ArtefactError
from tocsin.evidence.event_elements import event_from_xml
from tocsin.evidence.event_objects import event_from_object
from tocsin.evidence.event_quick import event_from_reader
from tocsin.evidence.events import value_of
from tocsin.exercise.evtx import WrittenEvent, write_evtx
from tocsin.model.records import Item, Record, Unreadable
from tocsin.model.words import Confidence

NAMESPACE = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'"
START = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)
TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Co"]), max_size=30)
NAMES = st.from_regex(r"[A-Z][A-Za-z]{0,8}", fullmatch=True)


def written(count: int) -> list[WrittenEvent]:
    return [
        WrittenEvent(
            provider="MSExchange CmdletLogs",
            event_id=1,
            channel="MSExchange Management",
            time=START + timedelta(seconds=number),
            data=[(None, "Set-Mailbox"), (None, f'-Identity "a & {number} <b>"'), (None, "")],
        )
        for number in range(count)
    ]


def read_xml(text: str | bytes) -> list[Item]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(event_xml.parse(source_of_bytes(data, "C/export/events.xml")))


def read_json(text: str | bytes) -> list[Item]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(event_json.parse(source_of_bytes(data, "C/export/events.json")))


def fields(items: list[Item]) -> list[dict[str, str | None]]:
    return [item.fields for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("join", ["", "\n", "\r\n\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [("", ""), ("<Events>", "</Events>"), ("<?xml version='1.0'?>\n<Events>\n", "\n</Events>\n")],
)
def test_every_layout_gives_the_records_of_the_log(
    join: str, encoding: str, opening: str, closing: str
) -> None:
    events = written(4)
    log = source_of_bytes(write_evtx(events), "C/export/events.evtx")
    body = join.join(event.element(number).xml() for number, event in enumerate(events, 1))
    items = read_xml(f"{opening}{body}{closing}".encode(encoding))
    assert fields(items) == fields(list(windows_evtx.parse(log)))
    assert not [item for item in items if isinstance(item, Unreadable)]


@pytest.mark.parametrize("layout", ["lines", "array", "pretty array", "pretty objects"])
def test_json_gives_the_records_of_the_log(layout: str) -> None:
    data = write_evtx(written(4))
    log = source_of_bytes(data, "C/export/events.evtx")
    objects = [
        json.loads(str(row["data"])) for row in evtx.PyEvtxParser(io.BytesIO(data)).records_json() if row
    ]
    text = {
        "lines": "\n".join(map(json.dumps, objects)),
        "array": json.dumps(objects),
        "pretty array": json.dumps(objects, indent=2),
        "pretty objects": "\n".join(json.dumps(one, indent=2) for one in objects),
    }[layout]
    items = read_json(text)
    assert fields(items) == fields(list(windows_evtx.parse(log)))
    assert not [item for item in items if isinstance(item, Unreadable)]


@given(st.lists(st.tuples(st.none() | NAMES, TEXTS), max_size=6), TEXTS)
def test_the_quick_way_agrees_with_the_parser(data: list[tuple[str | None, str]], provider: str) -> None:
    event = WrittenEvent(provider=provider, event_id=1, channel="c", time=START, data=data)
    log = write_evtx([event])
    (text,) = [str(row["data"]) for row in evtx.PyEvtxParser(io.BytesIO(log)).records() if row]
    quick, sure = event_from_reader(text), event_from_xml(text)
    assert [(name, value_of(text)) for name, text in quick.data] == [
        (name, value_of(text)) for name, text in sure.data
    ]
    assert (quick.provider, quick.stamp, quick.record_id) == (sure.provider, sure.stamp, sure.record_id)


def test_a_broken_event_costs_only_itself() -> None:
    good = written(1)[0].element(7).xml()
    items = read_xml(f"{good}\n{good[:-30]}\n{good}\nprose{good.replace('</System>', '')}{good}")
    assert len(fields(items)) == 3
    kept = "".join(item.text for item in items if isinstance(item, Unreadable))
    assert good[:-30] in kept
    assert "prose" in kept


def test_locators_name_the_line_on_which_an_event_begins() -> None:
    good = written(1)[0].element(7).xml().replace("><", ">\n<")
    items = [item for item in read_xml(f"\n\n{good}\n\n{good}") if isinstance(item, Record)]
    assert [item.locator.line for item in items] == [3, 3 + good.count("\n") + 2]
    assert [item.locator.record for item in items] == [7, 7]


def test_one_endless_event_does_not_fill_memory() -> None:
    items = read_xml("<Event " + NAMESPACE + "><System>" + "x" * 9_000_000)
    assert all(isinstance(item, Unreadable) for item in items)
    assert max(len(item.text) for item in items if isinstance(item, Unreadable)) <= 65_536


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE x [<!ENTITY a 'b'>]><Event><System/></Event>",
        "<Event><EventData><Data>&undefined;</Data></EventData></Event>",
        "<Event/>",
        "<Event><System>",
        "",
    ],
)
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(ArtefactError, match="event"):
        event_from_xml(text)


@pytest.mark.parametrize("given_", [{}, {"EventID": "x"}, {"Event": 1}, {"a": {"b": {}}}, {"EventID": []}])
def test_what_is_no_event_object_is_refused(given_: dict[str, object]) -> None:
    with pytest.raises(ArtefactError, match="event"):
        event_from_object(given_)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ({"TimeCreated": "2021-03-03T06:49:42.1234567Z"}, "2021-03-03T06:49:42.123456+00:00"),
        ({"TimeCreated": "/Date(1614754182000)/"}, "2021-03-03T06:49:42+00:00"),
        ({"TimeCreated": "2021-03-03T07:49:42+01:00"}, "2021-03-03T06:49:42+00:00"),
        ({"System": {"TimeCreated": {"SystemTime": 1614754182}}}, "2021-03-03T06:49:42+00:00"),
        ({"EventTime": "2021-03-03 06:49:42"}, None),
        (
            {"EventTime": "2021-03-03 06:49:42", "@timestamp": "2021-03-03T05:49:42Z"},
            "2021-03-03T05:49:42+00:00",
        ),
        ({"TimeCreated": 1e300}, None),
        ({}, None),
    ],
)
def test_times_are_used_only_with_a_zone(stamp: dict[str, object], expected: str | None) -> None:
    row = {"EventID": 1, "Channel": "System", **stamp}
    system = stamp.get("System")
    if isinstance(system, dict):
        row = {"System": {"EventID": 1, "Channel": "System", **system}}
    (item,) = read_json(json.dumps(row))
    assert isinstance(item, Record)
    assert (item.time.isoformat() if item.time else None) == expected


@pytest.mark.parametrize(
    ("head", "xml", "json_"),
    [
        (b"<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>", 3, 0),
        (b"<Event><System><Provider/><EventID>1</EventID>", 2, 0),
        (b"<configuration><system.webServer>", 0, 0),
        (b'{"EventID": 1, "Channel": "System"}', 0, 3),
        (b'[\n {"winlog": {"channel": "System", "event_id": 1}}]', 0, 3),
        (
            b'{"xml_string": "<Event xmlns=\\"http://schemas.microsoft.com/win/2004/08/events/event\\">"}',
            0,
            3,
        ),
        (b'{"a": 1}', 0, 0),
        (b"\x00\x01\x02\x03" * 20, 0, 0),
        (b"", 0, 0),
    ],
)
def test_recognition(head: bytes, xml: int, json_: int) -> None:
    source = source_of_bytes(head, "C/export/some.file")
    assert event_xml.recognise(source) == Confidence(xml)
    assert event_json.recognise(source) == Confidence(json_)


@given(
    st.lists(
        st.sampled_from(["<Event ", "</Event>", "<Data>", "\n", "&", "x", "<", ">", "'", "="]), max_size=60
    ).map("".join)
)
def test_no_character_of_an_xml_export_is_lost(text: str) -> None:
    items = read_xml(text)
    kept = sum(len(_text(item).replace(" ", "").replace("\n", "")) for item in items)
    assert kept == len(text.replace(" ", "").replace("\n", ""))


@given(
    st.lists(st.sampled_from(['{"a":', "{", "}", '"', "\\", "\n", "x", "[", ",", " "]), max_size=60).map(
        "".join
    )
)
def test_no_word_of_a_json_export_is_lost(text: str) -> None:
    kept = "".join(_text(item) for item in read_json(text))
    assert kept.count("x") == text.count("x")
    assert kept.count('{"a":') == text.count('{"a":')


def _text(item: Item) -> str:
    return getattr(item, "text", None) or getattr(item, "raw", None) or ""


@given(st.binary(max_size=2000))
def test_any_bytes_are_survived(junk: bytes) -> None:
    for read in (read_xml, read_json):
        assert all(item.locator.line for item in read(junk))


@pytest.mark.parametrize(
    "text",
    [
        "<Events>" + " " * 50_000 + "x",
        "</Event>" * 200_000,
        "<Event " * 200_000,
        "<Events>" * 100_000 + "x",
        "<!--" * 100_000,
    ],
    ids=["spaces", "ends", "starts", "roots", "comments"],
)
def test_hostile_xml_takes_no_longer_than_other_text(text: str) -> None:
    """Quadratic or exponential reading would not end within the life of this test."""
    kept = sum(len(_text(item).replace(" ", "")) for item in read_xml(text))
    assert kept > 0


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 100_000,
        "}" * 500_000,
        '"' * 500_001,
        '{"EventID": 1, "EventData": ' + "[" * 900 + "]" * 900 + "}",
    ],
    ids=["openings", "closings", "quotes", "depth"],
)
def test_hostile_json_takes_no_longer_than_other_text(text: str) -> None:
    assert read_json(text)


def test_a_forwarder_that_repeats_the_number_outside_the_event() -> None:
    inner = {"channel": "Security", "event_id": "4688", "event_data": {"NewProcessName": "a.exe"}}
    (found,) = fields(read_json(json.dumps({"event_id": 4688, "log_name": "Security", "winlog": inner})))
    assert found["NewProcessName"] == "a.exe"


def test_data_whose_names_only_count_stand_both_ways_in_every_form() -> None:
    """Rules for 7036 ask for ``param1`` (Sigma's own) or for the data as a whole."""
    event = WrittenEvent(
        provider="Service Control Manager",
        event_id=7036,
        channel="System",
        time=START,
        data=[("param1", "msupdate"), ("param2", "running")],
    )
    log = list(windows_evtx.parse(source_of_bytes(write_evtx([event]), "C/export/System.evtx")))
    (row,) = fields(log)
    assert (row["param1"], row["Data0"], row["Data1"], row["Data"]) == (
        "msupdate",
        "msupdate",
        "running",
        "msupdate\nrunning",
    )
    assert fields(read_xml(event.element(1).xml())) == [row]
    (told,) = evtx.PyEvtxParser(io.BytesIO(write_evtx([event]))).records_json()
    assert fields(read_json(str(told["data"]))) == [row]
