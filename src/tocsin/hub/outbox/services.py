"""Queue messages, cancel them, settle those in doubt. Sending itself is `outbox.sending`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.outbox.models import Enclosure, Message
from tocsin.hub.outbox.surroundings import message_domain
from tocsin.hub.rules.mail import Attachment, Draft, Purpose, Sign, State, domain_of, objection
from tocsin.hub.rules.words import Channel

__all__ = ["Attachment", "Channel", "Draft", "Purpose", "Sign", "State", "cancel", "queue", "settle"]

CHUNK = 500
"""Messages that are queued in one statement."""

WAITING = (State.QUEUED, State.HELD)


def queue(drafts: Sequence[Draft], now: datetime | None = None) -> list[int]:
    """Queue messages, all or none. Gives the number of each draft's message, in their order.

    A key that was queued before gives that message's number, and changes nothing about it: whoever is not
    sure whether he queued something queues it again.

    Raises:
        UsageFault: a draft cannot be sent as it stands, with the reason; nothing is queued.
    """
    for draft in drafts:
        if (why := objection(draft)) is not None:
            raise UsageFault(why, where=f"message {draft.key[:80]!r}")
    moment = now or timezone.now()
    with transaction.atomic():
        numbers = dict[str, int]()
        for some in _chunks(list({draft.key: draft for draft in reversed(drafts)}.values())[::-1]):
            numbers |= _queued(some, moment)
    return [numbers[draft.key] for draft in drafts]


def _chunks(drafts: list[Draft]) -> Iterator[list[Draft]]:
    for at in range(0, len(drafts), CHUNK):
        yield drafts[at : at + CHUNK]


def _queued(drafts: list[Draft], now: datetime) -> dict[str, int]:
    rows = {draft.key: _row(draft, now) for draft in drafts}
    Message.objects.bulk_create(rows.values(), ignore_conflicts=True)
    found = {
        key: (number, name)
        for key, number, name in Message.objects.filter(key__in=rows).values_list("key", "pk", "message_id")
    }
    new = [
        draft for draft in drafts if draft.attachments and found[draft.key][1] == rows[draft.key].message_id
    ]
    enclosures = [
        Enclosure(
            message_id=found[draft.key][0], name=one.name, media_type=one.media_type, content=one.content
        )
        for draft in new
        for one in draft.attachments
    ]
    Enclosure.objects.bulk_create(enclosures, batch_size=CHUNK)
    return {key: number for key, (number, _) in found.items()}


def _row(draft: Draft, now: datetime) -> Message:
    return Message(
        key=draft.key,
        channel=str(draft.channel),
        purpose=str(draft.purpose),
        address=draft.address.replace("\r\n", "\n"),
        domain=domain_of(draft.address) if draft.channel == Channel.EMAIL else "",
        contact_id=draft.contact,
        organisation_id=draft.organisation,
        subject=draft.subject,
        text=draft.text.replace("\r\n", "\n"),
        headers=draft.headers,
        reply_to=draft.reply_to,
        list_id=draft.list_id,
        language=draft.language,
        sign=str(draft.sign),
        encrypt=draft.encrypt,
        urgency=draft.urgency,
        message_id=f"<{secrets.token_hex(16)}@{message_domain()}>",
        created=now,
        not_before=draft.not_before or now,
    )


def cancel(which: Iterable[int | str], by: User | None = None) -> int:
    """Cancel messages by number or key, as far as they still wait. Gives how many were.

    What is being sent, or has gone, cannot be called back.

    Raises:
        PermissionDenied: the person may not.
    """
    if by and not by.writes:
        raise PermissionDenied
    chosen = list(which)
    numbers = [one for one in chosen if isinstance(one, int)]
    keys = [one for one in chosen if isinstance(one, str)]
    cancelled = 0
    with transaction.atomic():
        for at in range(0, max(len(numbers), len(keys)), CHUNK):
            some = Q(pk__in=numbers[at : at + CHUNK]) | Q(key__in=keys[at : at + CHUNK])
            waiting = Message.objects.filter(some, state__in=WAITING)
            cancelled += waiting.update(state=State.CANCELLED, told=False, answered=timezone.now())
        if by and cancelled:
            record("messages cancelled", "outbox", by=by, count=cancelled)
    return cancelled


def settle(message: Message, *, sent: bool, by: User) -> None:
    """Say of a message in doubt that it went out, or that it did not and shall be sent again.

    It keeps its Message-ID, by which a receiver recognises it should it have arrived after all.

    Raises:
        PermissionDenied: the person may not decide.
        UsageFault: the message is not in doubt.
    """
    if not by.writes:
        raise PermissionDenied
    change = {"state": State.SENT, "sent": message.began} if sent else {"state": State.QUEUED, "fault": ""}
    with transaction.atomic():
        doubtful = Message.objects.filter(pk=message.pk, state=State.IN_DOUBT)
        if not doubtful.update(**change, told=False):
            raise UsageFault("this message is not in doubt", remedy="Look at its page again.")
        record("message settled", f"message:{message.pk}", by=by, sent=sent)
    message.refresh_from_db()
