"""Times: what can be read in one way is read, in UTC, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.times import find_time, leading_time, parse_offset, parse_utc

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2090, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - bounds are naive


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-03-03T06:49:42.162Z", datetime(2021, 3, 3, 6, 49, 42, 162_000, UTC)),
        ("2021-03-03 06:49:42", datetime(2021, 3, 3, 6, 49, 42, 0, UTC)),
        ("2021-03-03T06:49:42.1621234+01:00", datetime(2021, 3, 3, 5, 49, 42, 162_123, UTC)),
        ("2021/3/3 6:49", datetime(2021, 3, 3, 6, 49, 0, 0, UTC)),
        ("2021-03-03", None),
        ("20210303", None),
        ("3/4/2021 8:07:21", None),
        ("2021-13-03T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("1601-01-01T00:00:00Z", None),
        ("1899-12-31T23:59:59Z", None),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2099-12-31T23:59:59Z", datetime(2099, 12, 31, 23, 59, 59, 0, UTC)),
        ("2100-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
    ],
)
def test_parse_utc(text: str, moment: datetime | None) -> None:
    assert parse_utc(text) == moment


@given(MOMENTS)
def test_what_python_writes_is_read(moment: datetime) -> None:
    read = parse_utc(moment.isoformat())
    assert read == moment
    assert read.tzinfo is UTC


@given(MOMENTS, st.text(alphabet="abc :[(", max_size=20), st.text(max_size=20))
def test_a_time_is_found_where_it_stands(moment: datetime, before: str, after: str) -> None:
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    found = find_time(f"{before}{stamp} |{after}")
    assert found
    assert found[0] == moment.replace(microsecond=0)
    assert (found[1], found[2]) == (len(before), len(before) + len(stamp))


@given(st.text())
def test_any_text_is_harmless(text: str) -> None:
    found = find_time(text)
    assert found is None or found[0].tzinfo is UTC
    assert leading_time(text) is None or found
    parse_utc(text)
    parse_offset(text)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("2021-03-03 06:49:42 text", True),
        ('"2021-03-03T06:49:42Z","x"', True),
        ("[2021-03-03 06:49:42] text", True),
        ("08/Mar/2021:17:39:04 -0800 text", True),
        ("at 2021-03-03 06:49:42", False),
        ("3/4/2021 8:07:21 AM", False),
    ],
)
def test_leading_time(line: str, *, read: bool) -> None:
    assert (leading_time(line) is not None) is read


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("-08:00", -480),
        ("-0800", -480),
        ("+1", 60),
        ("UTC-06:00", -360),
        ("+05:30", 330),
        ("Z", 0),
        ("x", None),
    ],
)
def test_parse_offset(text: str, minutes: int | None) -> None:
    offset = parse_offset(text)
    assert (offset and offset.utcoffset(None) == timedelta(minutes=minutes or 0)) or minutes is None
    assert (offset is None) is (minutes is None)
