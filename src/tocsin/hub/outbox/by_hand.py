"""What people do with messages: letters printed, calls made, things held, let go, or returned by the post.

Each leaves an `Act`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.outbox import outcomes
from tocsin.hub.outbox.models import Hold, Message
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.words import Bounce, Channel

AGAIN = timedelta(hours=2)
"""When a number that nobody answered is called again."""

LONGEST = 400


class Call(StrEnum):
    """How a call ended."""

    REACHED = "reached"
    NO_ANSWER = "no-answer"
    WRONG_NUMBER = "wrong-number"


def hold_everything(*, held: bool, reason: str, by: User) -> None:
    """Stop everything that leaves the hub by itself, or let it go again.

    What a mail server has already been handed cannot be stopped.
    """
    _may(by)
    if held and not reason.strip():
        raise UsageFault("say why everything is held")
    with transaction.atomic():
        Hold.objects.create(held=held, reason=reason[:500], by=by)
        record("outbox held" if held else "outbox let go", "outbox", by=by, reason=reason[:500])


def last_hold() -> Hold | None:
    """Who held everything, or let it go, last."""
    return Hold.objects.select_related("by").order_by("-pk").first()


def keep_back(numbers: Sequence[int], *, by: User) -> int:
    """Hold these messages. Gives how many were still queued."""
    return _moved(numbers, State.HELD, "messages held", by)


def let_go(numbers: Sequence[int], *, by: User) -> int:
    """Queue messages again that were held. Gives how many there were."""
    _may(by)
    with transaction.atomic():
        rows = Message.objects.filter(pk__in=numbers, state=State.HELD)
        moved = outcomes.become(rows, State.QUEUED, fault="", not_before=timezone.now())
        record("messages let go", "outbox", by=by, count=moved)
    return moved


def printed(numbers: Sequence[int], *, by: User, now: datetime | None = None) -> int:
    """Letters are printed and on their way. Gives how many were still queued."""
    moment = now or timezone.now()
    letters = Message.objects.filter(channel=Channel.LETTER).values_list("pk", flat=True)
    chosen = list(letters.filter(pk__in=numbers))
    return _moved(chosen, State.PRINTED, "letters printed", by, sent=moment, began=moment)


def _moved(numbers: Sequence[int], state: State, kind: str, by: User, **changes: object) -> int:
    _may(by)
    with transaction.atomic():
        rows = Message.objects.filter(pk__in=numbers, state=State.QUEUED)
        moved = outcomes.become(rows, state, **changes)
        if moved:
            record(kind, "outbox", by=by, count=moved, messages=list(numbers)[:100])
    return moved


def called(message: Message, call: Call, *, note: str, by: User, now: datetime | None = None) -> None:
    """Record how a call ended: reached, to be called again, or a wrong number (which marks the contact).

    Raises:
        PermissionDenied: the person may not.
        UsageFault: the call is on nobody's list any longer.
    """
    _may(by)
    moment = now or timezone.now()
    said = note.strip()[:LONGEST]
    with transaction.atomic():
        if not CALLS[call](message, said, moment):
            raise UsageFault("somebody has recorded this call already", remedy="Look at its page.")
        record("call made", f"message:{message.pk}", by=by, outcome=call.value, note=said)


def _reached(message: Message, note: str, now: datetime) -> int:
    return _phone(message, State.CALLED, sent=now, began=now, answered=now, fault=note)


def _no_answer(message: Message, note: str, now: datetime) -> int:
    waiting = Message.objects.filter(pk=message.pk, channel=Channel.PHONE, state=State.QUEUED)
    return waiting.update(
        began=now, not_before=now + AGAIN, tries=message.tries + 1, fault=note or "nobody answered"
    )


def _wrong_number(message: Message, note: str, now: datetime) -> int:
    moved = _phone(message, State.BOUNCED, began=now, answered=now, fault=note or "wrong number")
    if moved:
        outcomes.came_back(message.contact_id, Bounce.HARD, now)
    return moved


def _phone(message: Message, state: State, **changes: object) -> int:
    return outcomes.become(
        Message.objects.filter(pk=message.pk, channel=Channel.PHONE, state=State.QUEUED), state, **changes
    )


CALLS: dict[Call, Callable[[Message, str, datetime], int]] = {
    Call.REACHED: _reached,
    Call.NO_ANSWER: _no_answer,
    Call.WRONG_NUMBER: _wrong_number,
}


def returned_by_post(message: Message, *, note: str, by: User, now: datetime | None = None) -> None:
    """Record that a letter came back: its contact is marked.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: it is no letter that was sent.
    """
    _may(by)
    moment = now or timezone.now()
    said = note.strip()[:LONGEST] or "the letter came back"
    with transaction.atomic():
        rows = Message.objects.filter(pk=message.pk, channel=Channel.LETTER, state=State.PRINTED)
        if not outcomes.become(rows, State.BOUNCED, answered=moment, fault=said):
            raise UsageFault("this is no letter that was sent")
        outcomes.came_back(message.contact_id, Bounce.HARD, moment)
        record("letter came back", f"message:{message.pk}", by=by, note=said)


def _may(by: User) -> None:
    if not by.writes:
        raise PermissionDenied
