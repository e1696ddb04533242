"""Deadlines with a zone: an hour without one is an argument waiting to happen.

The surprise: "noon Eastern Standard Time on 5 March" and "noon Eastern Daylight Time on 5 April" are the
same zone and not the same offset, and "before 12:01 am on Friday" ends on Thursday for most readers. So a
deadline keeps the words it was ordered in, the zone by its tz name, and whether the moment itself is still
in time; where the words name an offset (EST, EDT) that the zone does not have on that day, the deadline
is refused instead of being an hour wrong.

Sources: clocks of incident reports, Directive (EU) 2022/2555 Article 23(4); of personal data, Regulation
(EU) 2016/679 Article 33(1); how periods in months end, Regulation (EEC, Euratom) No 1182/71 Article 3.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from tocsin.errors import UsageFault

_SATURDAY = 5
_HOURS = {"early-warning": 24, "notification": 72, "personal-data": 72}


class Deadline(Struct, frozen=True, kw_only=True):
    """A moment by which something is due.

    Attributes:
        at: the moment, aware, in the zone it was ordered in.
        strict: whether the moment itself is too late ("before").
        says: the words of the order.
    """

    at: datetime
    strict: bool = False
    says: str = ""

    def met(self, moment: datetime) -> bool:
        """Whether an aware ``moment`` was in time."""
        return moment < self.at if self.strict else moment <= self.at

    def __str__(self) -> str:
        """``before 2021-04-16 00:01 EDT (2021-04-16 04:01 UTC)``."""
        there, utc = f"{self.at:%Y-%m-%d %H:%M %Z}", f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"{'before' if self.strict else 'by'} {there} ({utc})"


@lru_cache(maxsize=1 << 10)
def deadline(text: str, *, zone: str, named: str = "", strict: bool = False, says: str = "") -> Deadline:
    """Read a wall-clock time such as ``2021-04-05T12:00`` of a zone such as ``America/New_York``.

    Args:
        text: ISO 8601, without an offset.
        zone: the zone's name in the tz database.
        named: the short name that the order uses (``EDT``), to be held against the zone; empty if it uses
        none.
        strict: whether the moment itself is too late.
        says: the words of the order.

    Raises:
        UsageFault: no such time, zone or short name on that day; or a time that the change of clocks leaves
        out or
            has twice.
    """
    wall = _wall(text)
    moment = wall.replace(tzinfo=_zone(zone))
    if moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) != wall:
        raise UsageFault(f"{text} does not exist in {zone}: clocks go forward then", where=says or text)
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        raise UsageFault(f"{text} happens twice in {zone}: clocks go back then", where=says or text)
    if named and moment.tzname() != named:
        raise UsageFault(
            f"{text} is {moment.tzname()} in {zone}, and the order says {named}",
            where=says or text,
            remedy="Ask the issuer which is meant, and write that.",
        )
    return Deadline(at=moment, strict=strict, says=says)


def _wall(text: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageFault(f"{text!r} is no time", remedy="Write it as 2021-04-05T12:00.") from error
    if wall.tzinfo is not None:
        raise UsageFault(f"{text!r} has an offset", remedy="Leave it out, and name the zone.")
    return wall


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageFault(f"{name!r} is no zone", remedy="Name one as America/New_York.") from error


def recurring(first: Deadline, *, weeks: int, times: int) -> list[Deadline]:
    """The deadlines that follow ``first`` every so many weeks, at the same hour on the clock there."""
    return [_later(first, timedelta(weeks=weeks * number)) for number in range(1, times + 1)]


def _later(first: Deadline, by: timedelta) -> Deadline:
    """Wall-clock arithmetic: an aware datetime of one zone adds on its clock, not in elapsed hours."""
    return Deadline(at=first.at + by, strict=first.strict, says=first.says)


def report_clocks(aware: datetime, *, notified: datetime | None = None) -> dict[str, datetime]:
    """When the staged reports of an incident are due, for an owner who became aware at ``aware``.

    Returns:
        ``early-warning``, ``notification`` and ``personal-data`` (only where such data is concerned), in
        UTC; and ``final``, one month after the notification was sent, or after it was due if it was not.
    """
    due = {name: aware.astimezone(UTC) + timedelta(hours=hours) for name, hours in _HOURS.items()}
    due["final"] = after_months(notified.astimezone(UTC) if notified else due["notification"], 1)
    return due


def after_months(start: datetime, months: int, holidays: Collection[date] = ()) -> datetime:
    """The end of a period in months: on the same date or the month's last, never on a day of rest."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    last = next_working_day(date(year, month + 1, day), holidays)
    return datetime.combine(last, time(23, 59, 59), tzinfo=start.tzinfo)


def next_working_day(day: date, holidays: Collection[date] = ()) -> date:
    """``day`` itself, or the first one after it that is neither at a week's end nor a holiday."""
    while day.weekday() >= _SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day
