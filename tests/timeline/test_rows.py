"""Every value of a record is in its row: in a column or under its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.places import Locator
from tocsin.model.records import Blank, Header, Lost, Record, Unreadable
from tocsin.timeline.columns import COLUMNS, NAMES
from tocsin.timeline.rows import RowMaker, encode

PLACE = Locator(path="a.log", line=3)
KNOWN = sorted(
    {name for column in COLUMNS for name in column.fields} | {"date", "time", "DateTime", "TimeStamp"}
)
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["200", "0200", "99999999999999999999", "/a?b", "https://h/p?q", "?x", "x", "2021-03-03", "06:49:42"]
)
FIELDS = st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=6), st.none() | TEXTS, max_size=12)
TIMES = st.none() | st.integers(-(2**41), 2**41).map(
    lambda ms: datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
)
STAMPS = st.sampled_from(["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.000", "%Y-%m-%d", "%H:%M:%S"])


def record(fields: dict[str, str | None], time: datetime | None = None, **more: object) -> Record:
    return Record(kind="iis.w3c", locator=PLACE, time=time, fields=fields, **more)


def stated(row: dict[str, object]) -> set[str]:
    """Every text that the columns say."""
    said = {str(row[name]) for name in NAMES if name in row and name != "fields"}
    stamp = str(row.get("time", ""))
    said |= {stamp[:10], stamp[11:19], f"{stamp[:23]}Z", f"{stamp[:19]}.000Z"}
    return said | {f"?{row.get('query')}"}


@given(fields=FIELDS, time=TIMES, spelling=STAMPS)
def test_property_no_value_is_lost(
    fields: dict[str, str | None], time: datetime | None, spelling: str
) -> None:
    if time is not None:
        fields = fields | {"DateTime": f"{time.strftime(spelling)[:23]}Z", "date": time.strftime(spelling)}
    row = RowMaker().row(record(fields, time))
    assert row is not None
    rest = row["fields"]
    assert isinstance(rest, dict)
    columns = stated(row)
    for name, value in fields.items():
        if name in rest:
            assert rest[name] == value
        else:
            assert value in columns or (value is None and any(name in column.fields for column in COLUMNS))
    assert not rest.keys() - fields.keys()
    assert not row.keys() - set(NAMES)
    assert encode(row)


@given(first=FIELDS, second=FIELDS)
def test_property_a_row_does_not_depend_on_the_rows_before(
    first: dict[str, str | None], second: dict[str, str | None]
) -> None:
    maker = RowMaker()
    maker.row(record(first))
    assert maker.row(record(second)) == RowMaker().row(record(second))


def test_the_record_is_left_as_it_was() -> None:
    fields: dict[str, str | None] = {"c-ip": "192.0.2.1", "sc-status": "200", "x": None}
    RowMaker().row(record(fields))
    assert fields == {"c-ip": "192.0.2.1", "sc-status": "200", "x": None}


@pytest.mark.parametrize(
    ("fields", "columns", "rest"),
    [
        ({"cs-uri-stem": "/a", "UrlStem": "/a"}, {"url": "/a"}, {}),
        ({"cs-uri-stem": "/a", "UrlStem": "/a?b"}, {"url": "/a"}, {"UrlStem": "/a?b"}),
        ({"cs-uri-query": "b=1", "UrlQuery": "?b=1"}, {"query": "b=1"}, {}),
        ({"cs-uri": "/a?b=1"}, {"url": "/a", "query": "b=1"}, {"cs-uri": "/a?b=1"}),
        ({"cs-uri": "/a"}, {"url": "/a"}, {}),
        ({"URL": "https://mail.contoso.example:444/ecp/x.svc?y"}, {"url": "/ecp/x.svc", "query": "y"}, ...),
        ({"sc-status": "0200"}, {}, {"sc-status": "0200"}),
        ({"sc-status": "0200", "HttpStatus": "200"}, {"status": 200}, {"sc-status": "0200"}),
        ({"sc-bytes": "9" * 19}, {}, {"sc-bytes": "9" * 19}),
        ({"Computer": None, "ServerName": "MAIL01"}, {"host": "MAIL01"}, ...),
        ({"EventRecordID": "7"}, {}, {"EventRecordID": "7"}),
    ],
)
def test_fields_go_to_their_columns(
    fields: dict[str, str | None], columns: dict[str, object], rest: dict[str, str] | object
) -> None:
    row = RowMaker().row(record(fields))
    assert row is not None
    made = {
        name: row[name] for name in row if name not in {"item", "kind", "path", "line", "message", "fields"}
    }
    assert made == columns
    assert rest is ... or row["fields"] == rest


def test_time_is_said_once() -> None:
    time = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)
    row = RowMaker().row(
        record({"date": "2021-03-03", "time": "06:49:42", "DateTime": "2021-03-03T06:49:42.000Z"}, time)
    )
    assert row is not None
    assert (row["time"], row["fields"]) == ("2021-03-03T06:49:42+00:00", {})


def test_a_time_that_the_log_wrote_otherwise_is_kept() -> None:
    time = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)
    fields: dict[str, str | None] = {"date": "2021-03-03", "time": "07:49:42", "DateTime": "3.3.2021 07:49"}
    row = RowMaker().row(record(fields, time))
    assert row is not None
    assert row["fields"] == {"time": "07:49:42", "DateTime": "3.3.2021 07:49"}


def test_what_could_not_be_read_is_a_row_too() -> None:
    maker = RowMaker()
    line = maker.row(Unreadable(kind="iis.w3c", locator=PLACE, why="no columns", text="odd"))
    assert line == {
        "item": "unreadable",
        "kind": "iis.w3c",
        "path": "a.log",
        "line": 3,
        "message": "unreadable: no columns",
        "raw": "odd",
    }
    gone = maker.row(
        Lost(kind="event.evtx", locator=Locator(path="a.evtx", offset=4096), count=1200, why="torn")
    )
    assert gone is not None
    assert (gone["item"], gone["message"], gone["byte_offset"]) == (
        "lost",
        "lost: 1,200 entries (torn)",
        4096,
    )
    assert gone["fields"] == {"Count": "1200"}


def test_headers_and_blank_lines_are_no_rows() -> None:
    maker = RowMaker()
    assert maker.row(Header(kind="iis.w3c", locator=PLACE, text="#x")) is None
    assert maker.row(Blank(kind="iis.w3c", locator=PLACE)) is None


def test_numbers_beyond_sql_are_left_out_of_the_locator() -> None:
    row = RowMaker().row(
        Record(
            kind="event.other",
            locator=Locator(path="a", record=2**64),
            time=None,
            fields={"EventRecordID": str(2**64)},
        )
    )
    assert row is not None
    assert "record" not in row
    assert row["fields"] == {"EventRecordID": str(2**64)}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"cs-method": "GET", "cs-uri-stem": "/a", "sc-status": "200"}, "GET /a 200"),
        ({"cs-uri-stem": "/a"}, "/a"),
        ({"Cmdlet": "Set-X", "Parameters": "-A\n1"}, "Set-X -A 1"),
        ({"EventID": "7036", "Provider_Name": "SCM", "Data": "a\nstopped"}, "SCM 7036: a stopped"),
        ({"Text": "x" * 300}, "x" * 199 + "…"),
        ({"A": "1", "B": None, "C": "2"}, "A=1, C=2"),
        ({}, "iis.w3c"),
    ],
)
def test_message_is_one_line(fields: dict[str, str | None], says: str) -> None:
    row = RowMaker().row(record(fields))
    assert row is not None
    assert row["message"] == says


def test_half_characters_are_spelt_out() -> None:
    row = RowMaker().row(record({"a\ud800": "b\udcff"}))
    assert row is not None
    assert b'"a\\\\ud800":"b\\\\udcff"' in encode(row)
