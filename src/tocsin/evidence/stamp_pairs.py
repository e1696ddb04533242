"""Times written in a server's own date order, read with the help of the same times in UTC.

``3/4/2021`` is March or April. A property list gives each time twice, local and UTC: the order of
day and month is settled when only one leaves every pair a time zone's offset apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from tocsin.model.times import YEARS

ORDERS = ("year-first", "month-first", "day-first")
_LONGEST_OFFSET = timedelta(hours=14)
_QUARTER = timedelta(minutes=15)
_STAMP = re.compile(
    r"(?P<a>\d{1,4})(?P<sep>[./-])\s?(?P<b>\d{1,2})[./-]\s?(?P<c>\d{1,4})\.?,?[\sT]+"
    r"(?P<before>\D{0,12}?)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?\s*(?P<after>.{0,12})",
    re.ASCII,
)
_PM = re.compile(
    r"\b(?:p\.?\s?m\b|\u03bc\.?\s?\u03bc|\u4e0b\u5348|\u5348\u5f8c|\uc624\ud6c4|\u0645)", re.IGNORECASE
)
_AM = re.compile(
    r"\b(?:a\.?\s?m\b|\u03c0\.?\s?\u03bc|\u4e0a\u5348|\u5348\u524d|\uc624\uc804|\u0635)", re.IGNORECASE
)

Pair = tuple[str | None, str | None]
"""A time as written in local time and in UTC."""


class Reading(Struct, frozen=True, kw_only=True):
    """What the pairs say.

    Attributes:
        order: one of ``ORDERS``; ``any`` when it makes no difference; ``ambiguous``; or
            ``unreadable`` when no order fits.
        utc: the UTC time of each name, aware, or None where it cannot be told.
        offset: local time less UTC, such as ``-08:00``, at the last pair that tells it, or None.
    """

    order: str
    utc: dict[str, datetime | None]
    offset: str | None


def read_pairs(
    pairs: Mapping[str, Pair], *, rising: Sequence[str] = (), not_after: datetime | None = None
) -> Reading:
    """Read the pairs in the one order that fits all of them; a time cut short counts as absent.

    Args:
        pairs: name to local and UTC time as written.
        rising: names of which each time is no later than the next one's.
        not_after: aware UTC; an order that puts a UTC time more than a day after it does not fit.
    """
    twelve = any(_has_half(text) for pair in pairs.values() for text in pair)
    pairs = {
        name: (_readable(pair[0], twelve=twelve), _readable(pair[1], twelve=twelve))
        for name, pair in pairs.items()
    }
    fitting = [order for order in ORDERS if _is_fitting(order, pairs)]
    fitting = [order for order in fitting if _is_rising(order, pairs, rising)] or fitting
    if not_after is not None and len(fitting) > 1:
        latest = not_after.astimezone(UTC).replace(tzinfo=None) + timedelta(days=1)
        early = [order for order in fitting if all(stamp <= latest for stamp in _stamps(order, pairs, 1))]
        fitting = early or fitting
    readings = [_reading(order, pairs) for order in fitting]
    if not readings:
        return Reading(order="unreadable", utc=dict.fromkeys(pairs), offset=None)
    first = readings[0]
    if all(reading.utc == first.utc for reading in readings):
        return first if len(readings) == 1 else Reading(order="any", utc=first.utc, offset=first.offset)
    agreed = {name: _agreed(reading.utc[name] for reading in readings) for name in pairs}
    offset = first.offset if len({reading.offset for reading in readings}) == 1 else None
    return Reading(order="ambiguous", utc=agreed, offset=offset)


def _agreed(values: Iterable[datetime | None]) -> datetime | None:
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _reading(order: str, pairs: Mapping[str, Pair]) -> Reading:
    utc = {
        name: stamp.replace(tzinfo=UTC) if (stamp := _read(pair[1], order)) else None
        for name, pair in pairs.items()
    }
    offsets = [offset for pair in pairs.values() if (offset := _offset(pair, order)) is not None]
    return Reading(order=order, utc=utc, offset=_offset_text(offsets[-1]) if offsets else None)


def _is_fitting(order: str, pairs: Mapping[str, Pair]) -> bool:
    """Every time is a date in this order, and every pair lies a time zone apart."""
    texts = [text for pair in pairs.values() for text in pair if text]
    if not texts or any(_read(text, order) is None for text in texts):
        return False
    offsets = [_offset(pair, order) for pair in pairs.values() if all(pair)]
    return all(
        offset is not None and abs(offset) <= _LONGEST_OFFSET and not offset % _QUARTER for offset in offsets
    )


def _is_rising(order: str, pairs: Mapping[str, Pair], rising: Sequence[str]) -> bool:
    for place in (0, 1):
        stamps = _stamps(order, {name: pairs[name] for name in rising}, place)
        if stamps != sorted(stamps):
            return False
    return True


def _readable(text: str | None, *, twelve: bool) -> str | None:
    """Give the text unless it is no time, or lost the half of the day that its neighbours write."""
    if twelve and not _has_half(text):
        return None
    return text if any(_read(text, order) for order in ORDERS) else None


def _has_half(text: str | None) -> bool:
    return text is not None and (_AM.search(text) or _PM.search(text)) is not None


def _offset(pair: Pair, order: str) -> timedelta | None:
    local, utc = _read(pair[0], order), _read(pair[1], order)
    return local - utc if local and utc else None


def _stamps(order: str, pairs: Mapping[str, Pair], place: int) -> list[datetime]:
    return [stamp for pair in pairs.values() if (stamp := _read(pair[place], order))]


def _read(text: str | None, order: str) -> datetime | None:
    """Read a time as written; naive, because what it is a time of is the caller's knowledge."""
    found = _STAMP.match(text.strip().replace("\u200e", "").replace("\u202f", " ")) if text else None
    if found is None:
        return None
    numbers = [found["a"], found["b"], found["c"]]
    is_year_first = len(numbers[0]) == 4  # noqa: PLR2004 - digits of a year
    if is_year_first != (order == "year-first"):
        return None
    places = {"year-first": (0, 1, 2), "month-first": (2, 0, 1), "day-first": (2, 1, 0)}[order]
    if order == "month-first" and found["sep"] == ".":
        return None  # no country writes month.day.year
    year, month, day = (int(numbers[place]) for place in places)
    if year < 100:  # noqa: PLR2004 - some countries write two digits, and no Exchange is older than 2000
        year += 2000
    elif year not in YEARS:
        return None
    half = f"{found['before']} {found['after']}"
    hour = _hour(int(found["hour"]), half)
    try:
        return datetime(year, month, day, hour, int(found["minute"]), int(found["second"] or 0))  # noqa: DTZ001 - see above
    except ValueError:
        return None


def _hour(hour: int, half: str) -> int:
    if hour <= 12 and _PM.search(half):  # noqa: PLR2004 - a twelve-hour clock
        return hour % 12 + 12
    return hour % 12 if hour <= 12 and _AM.search(half) else hour  # noqa: PLR2004 - as above


def _offset_text(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
