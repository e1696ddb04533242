"""Times as logs write them, to aware UTC.

Only what can be read in one way is read: ``3/4/2021`` is March or April and stays unread, a time
without a zone counts as UTC where the year comes first (logs of IIS and Exchange are in UTC).
A time outside ``YEARS`` is none: programs write 0001 or 1601 where they know no time, and a moment at
the edge of the calendar cannot be reckoned with.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

YEARS = range(1900, 2100)

_SHORTEST = len("2021-03-03T06:49")

_ISO = re.compile(
    r"""(?P<year>(?:19|20)\d\d)(?P<sep>[-/.])(?P<month>\d\d?)(?P=sep)(?P<day>\d\d?)
        [T\t ,;]{1,2}(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?
        (?:\s?(?P<zone>Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d(?!\d)))?""",
    re.VERBOSE | re.ASCII,
)
_CLF = re.compile(
    r"(?P<day>\d\d)/(?P<name>[A-Z][a-z]{2})/(?P<year>(?:19|20)\d\d):"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?P<zone>[+-]\d{4})",
    re.ASCII,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OFFSET = re.compile(
    r"(?:UTC|GMT)?\s*(?P<sign>[+\-\u2212])(?P<hours>\d\d?):?(?P<minutes>\d\d)?(?::?\d\d)?\Z", re.ASCII
)


def spoken(moment: datetime) -> str:
    """Give a moment as prose says it: ``2021-03-03 06:59:23 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def parse_utc(text: str) -> datetime | None:
    """Give the moment that an ISO 8601 date and time names, aware UTC, or None.

    Without a zone it counts as UTC. A bare date is no moment.
    """
    if len(text) < _SHORTEST or text[4] != "-":
        return _tolerant(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _tolerant(text)
    return in_utc(moment)


def in_utc(moment: datetime) -> datetime | None:
    """Give a moment in UTC, or None outside ``YEARS``; one without a zone is taken to be in UTC."""
    if moment.year not in YEARS:
        return None
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def find_time(text: str, *, within: int = 64) -> tuple[datetime, int, int] | None:
    """Give the first unambiguous time that begins within so many characters, and where it stands.

    Returns:
        The moment in aware UTC, the index of its first character and the index after its last.
    """
    head = text[: within + 64]
    for pattern in (_ISO, _CLF):
        found = pattern.search(head)
        if found and found.start() <= within:
            moment = _moment(found)
            if moment is not None:
                return moment, found.start(), found.end()
    return None


def leading_time(text: str) -> datetime | None:
    """Give the time with which a line begins, after quotes and brackets if any, or None."""
    found = find_time(text, within=4)
    if found is None or text[: found[1]].strip("\"'[(<{ \t"):
        return None
    return found[0]


def parse_offset(text: str) -> timezone | None:
    """Give the offset that ``-08:00``, ``-0800``, ``+1``, ``UTC-06:00`` or ``Z`` names, or None."""
    text = text.strip()
    if text.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    found = _OFFSET.match(text)
    if found is None:
        return None
    minutes = int(found["hours"]) * 60 + int(found["minutes"] or 0)
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=minutes if found["sign"] == "+" else -minutes))


def _tolerant(text: str) -> datetime | None:
    found = _ISO.fullmatch(text.strip())
    return _moment(found) if found else None


def _moment(found: re.Match[str]) -> datetime | None:
    parts = found.groupdict()
    zone = parse_offset(parts["zone"] or "Z")
    fraction = int((parts.get("fraction") or "").ljust(6, "0")[:6])
    try:
        month = _MONTHS.index(parts["name"]) + 1 if "name" in parts else int(parts["month"])
        clock = (int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0), fraction)
        return in_utc(datetime(int(parts["year"]), month, int(parts["day"]), *clock, tzinfo=zone))
    except ValueError:
        return None
