"""Events into the chain, in bulk: whoever appends holds the writers' lock (`census.bulk.writing`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone
from msgspec import Struct

from tocsin.hub.census.bulk import Table
from tocsin.hub.exposure.models import Event
from tocsin.hub.rules.chain import START, Chained, Link, chained

COLUMNS = (
    "id",
    "at",
    "recorded",
    "actor",
    "kind",
    "subject",
    "campaign",
    "before",
    "after",
    "detail",
    "digest",
)


class Change(Struct, frozen=True, kw_only=True):
    """What is to be appended; the chain adds number, time of recording and digest."""

    at: datetime
    kind: str
    subject: str
    actor: str = "census"
    campaign: str = ""
    before: str = ""
    after: str = ""
    detail: dict[str, Any] = {}


def append(changes: Sequence[Change]) -> None:
    """Append changes to the chain, in their order. Only inside `census.bulk.writing`."""
    if not changes:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("the chain is written inside of a transaction")
    last = Event.objects.order_by("-id").values_list("id", "digest").first()
    number, digest = last or (0, START)
    now = timezone.now()
    links = (
        Link(
            number=number + at,
            at=change.at,
            recorded=now,
            actor=change.actor[:200],
            kind=change.kind,
            subject=change.subject,
            campaign=change.campaign,
            before=change.before,
            after=change.after,
            detail=change.detail,
        )
        for at, change in enumerate(changes, start=1)
    )
    Table(Event, COLUMNS).insert(_rows(chained(digest, links)))


def _rows(events: Iterable[Chained]) -> Iterator[tuple[Any, ...]]:
    for one in events:
        yield (
            one.number,
            one.at,
            one.recorded,
            one.actor,
            one.kind,
            one.subject,
            one.campaign,
            one.before,
            one.after,
            one.detail,
            one.digest,
        )
