"""What may become of a message, when it is tried again, how fast a domain is written to, when it is night.

A message that may have gone out is never sent again by itself: the only way back from ``in-doubt`` to
``queued`` is a person (`outbox.services.settle`).
"""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.hub.rules.mail import Purpose, State
from tocsin.hub.rules.mail_setup import Quiet
from tocsin.hub.rules.words import Bounce

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1_440))
"""Pauses between tries. After the last one a message is given up, two days after the first try."""

OUTAGES = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 900))
"""Pauses after the way out itself failed; the last one is repeated for as long as it lasts."""

MINUTE = timedelta(minutes=1)
PATIENT = frozenset({Purpose.NOTICE, Purpose.ADVISORY, Purpose.RELAY})
"""Purposes that wait for the morning. All others go at once, whatever the hour."""

NEXT: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset(
        {
            State.SENDING,
            State.HELD,
            State.CANCELLED,
            State.PRINTED,
            State.CALLED,
            State.REFUSED,
            State.BOUNCED,
        }
    ),
    State.HELD: frozenset({State.QUEUED, State.CANCELLED}),
    State.SENDING: frozenset({State.SENT, State.DELIVERED, State.QUEUED, State.REFUSED, State.IN_DOUBT}),
    State.SENT: frozenset({State.DELIVERED, State.BOUNCED}),
    State.IN_DOUBT: frozenset({State.SENT, State.QUEUED, State.DELIVERED, State.BOUNCED}),
    State.DELIVERED: frozenset({State.BOUNCED}),
    State.PRINTED: frozenset({State.BOUNCED}),
    State.CALLED: frozenset(),
    State.BOUNCED: frozenset(),
    State.REFUSED: frozenset(),
    State.CANCELLED: frozenset(),
}
"""From each state, the states that may follow."""

TOLD = frozenset(set(State) - {State.QUEUED, State.SENDING})
"""States that stand in the chain of events."""


def before(state: State) -> list[State]:
    """The states from which a message may come to this one."""
    return [one for one, after in NEXT.items() if state in after]


class Phase(StrEnum):
    """How far a conversation with a mail server got."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"  # before the first byte of the message
    BODY = "body"  # from the first byte of the message to the server's answer


class Outcome(Struct, frozen=True, kw_only=True):
    """What one try came to.

    Attributes:
        state: what the message becomes.
        fault: what went wrong, in the server's words.
        delay: for ``queued``: when to try again, from now.
        bounce: what it says about the contact.
        outage: the way out is at fault, not this message: nothing else is tried for a while.
        counts: it was a try, of which there are only so many.
    """

    state: State
    fault: str = ""
    delay: timedelta = timedelta()
    bounce: Bounce = Bounce.NONE
    outage: bool = False
    counts: bool = True


SENT = Outcome(state=State.SENT)


def lost(phase: Phase, tries: int, fault: str) -> Outcome:
    """The connection broke. Before the message's first byte nothing can have arrived; after it, who knows."""
    if phase == Phase.BODY:
        return Outcome(state=State.IN_DOUBT, fault=f"the connection ended before the answer: {fault}")
    return later(tries, fault)


def later(tries: int, fault: str) -> Outcome:
    """Tried again after a pause, or given up when there were enough. ``tries`` does not count this one."""
    if tries >= len(BACKOFF):
        return Outcome(state=State.REFUSED, fault=f"given up: {fault}", bounce=Bounce.SOFT)
    return Outcome(state=State.QUEUED, fault=fault, delay=BACKOFF[tries])


STATUS = re.compile(r"(?:^|[\s(#])([245])\.(\d{1,3})\.(\d{1,3})(?=$|[\s):;,#-])")


def answered(phase: Phase, code: int, text: str, tries: int) -> Outcome:
    """A mail server's reply to one step, other than that it may go on.

    A refused sender is the hub's own fault, and so is 421 (it closes) before the message: those say nothing
    about the message, which stays as it was.
    """
    fault = f"{code} {text}"[:500]
    if phase == Phase.SENDER and code != 421 and code >= 500:  # noqa: PLR2004 - reply codes
        return Outcome(state=State.QUEUED, fault=fault, outage=True, counts=False)
    if code == 421 and phase != Phase.BODY:  # noqa: PLR2004 - as above
        return Outcome(state=State.QUEUED, fault=fault, counts=False)
    if 500 <= code < 600:  # noqa: PLR2004 - as above
        bounce = bounce_of(status_in(text) or _plain_status(phase, code))
        return Outcome(state=State.REFUSED, fault=fault, bounce=bounce)
    return later(tries, fault)


def _plain_status(phase: Phase, code: int) -> str:
    """What a reply without an enhanced status says: only a recipient that is refused as such is a bad one."""
    return "5.1.1" if phase == Phase.RECIPIENT and code in {550, 551, 553} else "5.7.0"


def status_in(text: str) -> str:
    """The enhanced status (RFC 3463) in a text, such as ``5.1.1``; empty where there is none."""
    found = STATUS.search(text[:1_000])
    return ".".join(found.groups()) if found else ""


def bounce_of(status: str) -> Bounce:
    """What an enhanced status says about the contact: an address that does not exist is hard, all else soft.

    Mailbox full, too large, blocked by policy: somebody may still read there (RFC 3463, 3.2 to 3.8).
    """
    kind = status.split(".")
    if kind[0] != "5":
        return Bounce.SOFT
    bad = kind[1] == "1" or kind[1:] in (["2", "1"], ["4", "4"], ["0", "0"])
    return Bounce.HARD if bad else Bounce.SOFT


def pause(tries: int) -> timedelta:
    """How long a way out is left alone after it failed for the n-th time in a row, from zero."""
    return OUTAGES[min(tries, len(OUTAGES) - 1)]


class Pace:
    """At most ``limit`` messages to one domain in any minute."""

    def __init__(self, limit: int) -> None:
        """Nothing is known of the past until `note` tells."""
        self.limit = limit
        self._sent: dict[str, deque[datetime]] = {}
        self._waiting: dict[str, int] = {}

    def note(self, domain: str, at: datetime) -> None:
        """Something was sent to it then; in the order of time."""
        self._sent.setdefault(domain, deque(maxlen=self.limit)).append(at)

    def ask(self, domain: str, now: datetime) -> datetime | None:
        """None: it may go now, and is counted. Otherwise when to ask again: later for each that waits."""
        sent = self._sent.setdefault(domain, deque(maxlen=self.limit))
        if len(sent) < self.limit or now - sent[0] >= MINUTE:
            sent.append(now)
            return None
        place = self._waiting.get(domain, 0)
        self._waiting[domain] = place + 1
        rounds, slot = divmod(place, self.limit)
        return sent[slot] + MINUTE * (rounds + 1)


def quiet_until(now: datetime, purpose: str, country: str, quiet: Quiet | None) -> datetime | None:
    """When the night ends in which this would be sent; None where it may go now.

    ``now`` is aware. The zone is that of the country where the operator named one, else the hub's. A night
    ends at the first moment that is outside of it, also across a change of the clocks.
    """
    if quiet is None or purpose not in PATIENT:
        return None
    zone = ZoneInfo(quiet.zones.get(country, quiet.zone))
    there = now.astimezone(zone)
    clock, over = there.time().replace(tzinfo=None), quiet.begin > quiet.end
    inside = (clock >= quiet.begin or clock < quiet.end) if over else quiet.begin <= clock < quiet.end
    if not inside:
        return None
    day = there.date() + timedelta(days=1 if over and clock >= quiet.begin else 0)
    ends = datetime.combine(day, quiet.end, tzinfo=zone).astimezone(now.tzinfo)
    return ends if ends > now else now + timedelta(hours=1)
