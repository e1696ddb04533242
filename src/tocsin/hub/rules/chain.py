"""A chain of events: each event's digest covers the one before, so that no past can be changed unseen.

What a chain cannot show by itself is that its end was cut off: note its number and head (``tocsin hub audit``
prints both) where the hub's keepers cannot change them. Written so that a file of exported events, or the
database's file, is verified without the hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

START = "0" * 64
"""What the first event follows."""


class Link(Struct, frozen=True, kw_only=True):
    """One event as the chain covers it.

    Attributes:
        number: 1, 2, 3 … without gaps.
        at: when it was so; aware UTC.
        recorded: when the hub learned it; aware UTC.
        actor: a person, a program or ``census``.
        kind: what changed.
        subject: whose state: ``server:17``.
        campaign: in which campaign, or an empty text.
        before: the state before.
        after: the state after.
        detail: whatever explains it.
    """

    number: int
    at: datetime
    recorded: datetime
    actor: str
    kind: str
    subject: str
    campaign: str = ""
    before: str = ""
    after: str = ""
    detail: dict[str, Any] = {}


class Chained(Link, frozen=True, kw_only=True):
    """An event with the digest that it was given."""

    digest: str


class Verification(Struct, frozen=True, kw_only=True):
    """What a chain's examination gave.

    Attributes:
        events: how many there are.
        head: digest of the last sound one.
        problems: the first faults, one sentence each; none if the chain is sound.
    """

    events: int
    head: str
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was changed, removed or put in between."""
        return not self.problems


def moment(value: datetime) -> str:
    """Give a moment as digests spell it: UTC, microseconds, ``Z``."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_encode = msgspec.json.Encoder(order="sorted").encode


def digest(previous: str, link: Link) -> str:
    """Give the digest of an event that follows one with digest ``previous``."""
    content = (
        previous,
        link.number,
        moment(link.at),
        moment(link.recorded),
        link.actor,
        link.kind,
        link.subject,
        link.campaign,
        link.before,
        link.after,
        link.detail,
    )
    return hashlib.sha256(_encode(content)).hexdigest()


def chained(previous: str, links: Iterable[Link]) -> Iterator[Chained]:
    """Give events with their digests, the first of which follows ``previous``."""
    for link in links:
        previous = digest(previous, link)
        yield Chained(**msgspec.structs.asdict(link), digest=previous)


def verify(events: Iterable[Chained], *, most: int = 20) -> Verification:
    """Examine a whole chain, from its first event on, in the order of numbers."""
    problems: list[str] = []
    previous, count = START, 0
    for event in events:
        count += 1
        if event.number != count and len(problems) < most:
            problems.append(f"event {event.number}: it stands where event {count} should")
        count = event.number
        if digest(previous, event) != event.digest and len(problems) < most:
            problems.append(
                f"event {event.number}: its digest does not fit what it says, or what came before"
            )
        previous = event.digest
    return Verification(events=count, head=previous, problems=tuple(problems))
