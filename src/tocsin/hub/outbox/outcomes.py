"""Write down what became of messages: each change only from a state that it may follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.constituency.models import Contact
from tocsin.hub.constituency.services import mark_contact
from tocsin.hub.outbox.models import Hold, Message, Outage
from tocsin.hub.rules.mail import State, legible
from tocsin.hub.rules.sending import Outcome, before, pause
from tocsin.hub.rules.words import Bounce

UNFINISHED = "the hub stopped while this was being handed over; the receiver may have it or not"
UNWANTED = "its receiver marked it as unwanted"
ARRIVED = (State.SENT, State.IN_DOUBT, State.DELIVERED)


def become(rows: QuerySet[Message], state: State, **changes: Any) -> int:
    """Move messages to a state, as far as their own state allows it. Gives how many moved."""
    return rows.filter(state__in=before(state)).update(state=state, told=False, **changes)


def claim(row: Message, now: datetime) -> bool:
    """Take a queued message for sending; False if it is queued no longer. In the caller's transaction."""
    row.began = now
    return bool(Message.objects.filter(pk=row.pk, state=State.QUEUED).update(state=State.SENDING, began=now))


def finish(row: Message, outcome: Outcome, now: datetime) -> None:
    """Write down what one try came to."""
    changes: dict[str, Any] = {"state": outcome.state, "fault": legible(outcome.fault)}
    changes["tries"] = row.tries + outcome.counts
    if outcome.state in {State.SENT, State.DELIVERED}:
        changes["sent"] = now
    if outcome.state == State.QUEUED:
        changes["not_before"] = now + outcome.delay
    Message.objects.filter(pk=row.pk, state=State.SENDING).update(**changes)
    if outcome.bounce != Bounce.NONE:
        came_back(row.contact_id, outcome.bounce, now)


def unsendable(row: Message, why: str) -> None:
    """Put a message aside that cannot be written as it should be: a person looks at it."""
    Message.objects.filter(pk=row.pk, state=State.QUEUED).update(
        state=State.HELD, fault=legible(why), told=False
    )


def came_back(contact: int | None, bounce: Bounce, now: datetime) -> None:
    """Mark a contact. What came back for good stays so until a person marks it sound."""
    if contact is None:
        return
    rows = Contact.objects.filter(pk=contact)
    if bounce == Bounce.SOFT:
        rows = rows.exclude(bounce=Bounce.HARD)
    rows.update(bounce=bounce, bounced=now)


def unwanted(row: Message, now: datetime) -> None:
    """Its receiver marked a message as unwanted: so it arrived, and its contact wants no more by mail.

    That is opting out: ordinary notices go by another channel, those about a compromise or a directive go on
    (`rules.ladder`). What never went out cannot be complained about.
    """
    rows = Message.objects.filter(pk=row.pk, state__in=ARRIVED)
    if not rows.filter(complained=None).update(complained=now, answered=now, fault=UNWANTED):
        return
    become(rows, State.DELIVERED)
    if row.contact_id is not None:
        for contact in Contact.objects.filter(pk=row.contact_id, opted_out=None):
            mark_contact(contact, "opted-out", by=None)


def doubt_unfinished() -> int:
    """Mark what a process that is gone was sending. Only by who holds the lease."""
    return become(Message.objects.filter(state=State.SENDING), State.IN_DOUBT, fault=UNFINISHED)


def postpone(rows: Iterable[tuple[Message, datetime]]) -> int:
    """Let messages wait until a moment. Gives how many there were."""
    waiting = []
    for row, until in rows:
        row.not_before = until
        waiting.append(row)
    Message.objects.bulk_update(waiting, ["not_before"], batch_size=200)
    return len(waiting)


def is_held() -> bool:
    """Whether somebody holds everything."""
    return bool(Hold.objects.order_by("-pk").values_list("held", flat=True).first())


def way_is_shut(way: str, now: datetime) -> bool:
    """Whether a way out failed a short while ago."""
    return Outage.objects.filter(way=way, until__gt=now).exists()


def shut(way: str, fault: str, now: datetime) -> None:
    """Leave a way out alone for a while: longer each time in a row."""
    row, _ = Outage.objects.get_or_create(way=way, defaults={"until": now})
    Outage.objects.filter(pk=row.pk).update(
        until=now + pause(row.tries), tries=min(row.tries + 1, 100), fault=legible(fault)
    )


def reopen(way: str) -> None:
    """A way out works again."""
    Outage.objects.filter(way=way).delete()
