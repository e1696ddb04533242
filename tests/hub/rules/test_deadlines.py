"""Deadlines say what the order said, to the minute, on either side of a change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageFault
from tocsin.hub.rules.deadlines import after_months, deadline, next_working_day, recurring, report_clocks

EAST = "America/New_York"
MINUTES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 1, 1))  # noqa: DTZ001 - made aware


@pytest.mark.parametrize(
    ("text", "named", "strict", "utc"),
    [
        ("2021-03-05T12:00", "EST", False, "2021-03-05T17:00"),
        ("2021-04-05T12:00", "EDT", False, "2021-04-05T16:00"),
        ("2021-04-16T00:01", "EDT", True, "2021-04-16T04:01"),
        ("2021-06-28T12:00", "EDT", False, "2021-06-28T16:00"),
    ],
)
def test_the_hours_of_directive_21_02(text: str, named: str, utc: str, *, strict: bool) -> None:
    due = deadline(text, zone=EAST, named=named, strict=strict)
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert due.at == moment
    assert due.met(moment) is not strict
    assert due.met(moment - timedelta(seconds=1))
    assert not due.met(moment + timedelta(seconds=1))


def test_it_reads_as_a_person_says_it() -> None:
    due = deadline("2021-04-16T00:01", zone=EAST, strict=True)
    assert str(due) == "before 2021-04-16 00:01 EDT (2021-04-16 04:01 UTC)"


@pytest.mark.parametrize(
    ("text", "zone", "named", "says"),
    [
        ("2021-03-05T12:00", EAST, "EDT", "is EST"),
        ("2021-03-14T02:30", EAST, "", "does not exist"),
        ("2021-11-07T01:30", EAST, "", "happens twice"),
        ("2021-03-05T12:00", "Mars/Olympus", "", "is no zone"),
        ("2021-03-05T12:00", "../../etc/passwd", "", "is no zone"),
        ("noon", EAST, "", "is no time"),
        ("2021-03-05T12:00+01:00", EAST, "", "has an offset"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, zone: str, named: str, says: str) -> None:
    with pytest.raises(UsageFault, match=says):
        deadline(text, zone=zone, named=named)


def test_weekly_rounds_keep_their_hour_when_clocks_change() -> None:
    first = deadline("2021-03-08T12:00", zone=EAST, named="EST")
    rounds = recurring(first, weeks=1, times=4)
    assert [f"{one.at:%m-%d %H:%M %Z}" for one in rounds] == [
        "03-15 12:00 EDT",
        "03-22 12:00 EDT",
        "03-29 12:00 EDT",
        "04-05 12:00 EDT",
    ]


def test_staged_reports() -> None:
    due = report_clocks(datetime(2026, 1, 28, 10, tzinfo=ZoneInfo("Europe/Berlin")))
    assert due["early-warning"] == datetime(2026, 1, 29, 9, tzinfo=UTC)
    assert due["notification"] == due["personal-data"] == datetime(2026, 1, 31, 9, tzinfo=UTC)
    assert due["final"].date() == date(2026, 3, 2)  # 28 February is a Saturday


@given(MINUTES, st.integers(0, 48))
def test_a_period_in_months_ends_on_a_working_day_soon_after_its_date(start: datetime, months: int) -> None:
    end = after_months(start.replace(tzinfo=UTC), months)
    assert end.weekday() < 5
    whole = (end.year - start.year) * 12 + end.month - start.month
    assert whole in {months, months + 1}
    assert next_working_day(end.date()) == end.date()
