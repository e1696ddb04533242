"""Sets of days, as integers in memory and as few bytes in a database.

Day *n* is bit *n* of an integer, counted from ``EPOCH``. Union is ``|``: adding a day twice, or days in
another order, changes nothing, which is what makes a replayed census harmless. Packed, a set is two bytes
that say how many empty bytes come first, and the rest: a year of days takes 48 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

EPOCH = date(2000, 1, 1).toordinal()
LAST = date(2150, 1, 1).toordinal() - EPOCH
"""Days outside the years 2000 to 2149 are errors of whoever wrote them."""

_SKIP = 2


def number(day: date) -> int:
    """Give a day's number.

    Raises:
        ValueError: the day lies outside the years that are kept.
    """
    count = day.toordinal() - EPOCH
    if not 0 <= count < LAST:
        raise ValueError(f"{day} is no day of a census")
    return count


def day_of(count: int) -> date:
    """Give the day of a number."""
    return date.fromordinal(EPOCH + count)


def bits(days: Iterable[date]) -> int:
    """Give days as a set in an integer."""
    found = 0
    for day in days:
        found |= 1 << number(day)
    return found


def pack(days: int) -> bytes:
    """Give a set as bytes; equal sets give equal bytes."""
    if not days:
        return b""
    empty = (_lowest(days)) // 8
    rest = days >> (8 * empty)
    return empty.to_bytes(_SKIP, "little") + rest.to_bytes((rest.bit_length() + 7) // 8, "little")


def unpack(data: bytes | memoryview) -> int:
    """Give the set that `pack` wrote."""
    data = bytes(data)
    return int.from_bytes(data[_SKIP:], "little") << (8 * int.from_bytes(data[:_SKIP], "little"))


def each(days: int) -> Iterator[int]:
    """Give the numbers of a set's days, in order."""
    while days:
        lowest = days & -days
        yield lowest.bit_length() - 1
        days ^= lowest


def dates(days: int) -> list[date]:
    """Give a set's days, in order."""
    return [day_of(count) for count in each(days)]


def first(days: int) -> int | None:
    """Give the first day's number, or None of an empty set."""
    return _lowest(days) if days else None


def last(days: int, *, until: int | None = None) -> int | None:
    """Give the last day's number, at most ``until``, or None."""
    if until is not None:
        days &= (1 << (until + 1)) - 1
    return days.bit_length() - 1 if days else None


def widen(days: int, later: int) -> int:
    """Give the days of a set and so many days after each of them."""
    done = 0
    while done < later:
        step = min(done + 1, later - done)
        days |= days << step
        done += step
    return days


def spans(days: int) -> Iterator[tuple[date, date]]:
    """Give a set as runs of days that follow on each other, each with its first and last day."""
    while days:
        start = _lowest(days)
        run = days >> start
        length = _lowest(~run)
        yield day_of(start), day_of(start + length - 1)
        days = (run >> length) << (start + length)


def _lowest(days: int) -> int:
    return (days & -days).bit_length() - 1
