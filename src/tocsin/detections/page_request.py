"""One request for a server page, as a row that many can be counted from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from msgspec import Struct

from tocsin.detections.pages import carries_more
from tocsin.model.places import Locator
from tocsin.model.records import Record

AT_ONCE = 16_384
"""Requests held before they go into the table."""
MOST_REQUESTS = 4_000_000
MEMORY_MB = 256
SPILL_MB = 4_096
WHOLE = 1 << 32
"""All digests are below this."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_WORD = 256


class PageRequest(NamedTuple):
    """One answered or refused request, as a row of the table, or several that are alike but for their times.

    A tuple, because columns are made of many.

    Attributes:
        page: as ``pages.page_of`` spells it.
        client: the address it came from, or None.
        folder: kind of the record and folder of the log: what is counted apart.
        method: in capitals.
        answered: the status was 2xx; else it was one of the refusals.
        tasked: it carried a body or a query of its own.
        weak: the record was second-hand.
        time: microseconds since 1970 in UTC, or None.
        kind: of the record.
        path: of the locator, as are the three that follow.
        line: 1-based.
        record: number.
        place: byte offset.
        times: how many requests they are; path, line and time are those of the first.
        last: microseconds of the last one, or None.
    """

    page: str
    client: str | None
    folder: str
    method: str
    answered: bool
    tasked: bool
    weak: bool
    time: int | None
    kind: str
    path: str
    line: int | None
    record: int | None
    place: int | None
    times: int = 1
    last: int | None = None


def request_of(  # noqa: PLR0913 - the columns of a row
    page: str,
    *,
    client: str | None,
    method: str | None,
    query: str | None,
    answered: bool,
    weak: bool,
    time: int | None,
    kind: str,
    locator: Locator,
) -> PageRequest:
    """Give the row that a request makes; ``time`` in microseconds since 1970."""
    return PageRequest(
        page,
        client[:_LONGEST_WORD] if client else None,
        f"{kind}:{locator.path.rpartition('/')[0]}",
        (method or "GET").upper()[:_LONGEST_WORD],
        answered,
        carries_more(method, query),
        weak,
        time,
        kind,
        locator.path,
        locator.line,
        locator.record,
        locator.offset,
        last=time,
    )


def of_record(page: str, record: Record, *, answered: bool) -> PageRequest:
    """Give the row that a record makes."""
    fields = record.fields
    return request_of(
        page,
        client=fields.get("c-ip"),
        method=fields.get("cs-method"),
        query=fields.get("cs-uri-query"),
        answered=answered,
        weak=record.weak,
        time=None if record.time is None else (record.time - _EPOCH) // _MICROSECOND,
        kind=record.kind,
        locator=record.locator,
    )


def moment(time: int) -> datetime:
    """Give the time of a row as aware UTC."""
    return _EPOCH + time * _MICROSECOND


class Bounds(Struct, frozen=True, kw_only=True):
    """What the table may use: requests held in all and before they go in, and megabytes."""

    requests: int = MOST_REQUESTS
    at_once: int = AT_ONCE
    memory_mb: int = MEMORY_MB
    spill_mb: int = SPILL_MB


def digest(page: str) -> int:
    """Give the number by which pages are chosen when there are too many."""
    return crc32(page.encode("utf-8", "surrogatepass"))
