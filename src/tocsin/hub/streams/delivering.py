"""Deliver events: at least once, in order, under a number that does not change from try to try.

A delivery is a row before it is sent, and the cursor moves only when the receiver has taken it: killed in
between, it is sent again under the same number. Nothing is locked while the network is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin import __version__
from tocsin.hub.rules.streams import DELIVERY, HEADER, MOST_FAILURES, may_subscribe, next_try, sign
from tocsin.hub.streams import surroundings
from tocsin.hub.streams.models import Attempt, Delivery, Subscription
from tocsin.hub.streams.outward import Answer, Way, post
from tocsin.hub.streams.selectors import events_after, newest, shown
from tocsin.hub.streams.services import disable, unseal

BATCH = 100
LOST = "its person may no longer send events out"
FOREIGN = "the secret was sealed by another hub: change it"

Send = Callable[[str, bytes, dict[str, str]], Answer]


def deliver(now: datetime | None = None, send: Send | None = None) -> bool:
    """The chore: one delivery to the receiver that has waited longest. Tells whether there was any work."""
    moment = now or timezone.now()
    row = _due(moment).first()
    if row is None:
        return False
    if not (row.user.is_active and may_subscribe(row.user.role)):
        disable(row, LOST, by=None)
        return True
    delivery = _waiting(row, moment)
    if delivery is not None:
        _try(row, delivery, moment, send or _outward())
    return True


def _due(now: datetime) -> QuerySet[Subscription]:
    waiting = Delivery.objects.filter(subscription=OuterRef("pk"), state=Delivery.WAITING)
    work = Q(cursor__lt=newest()) | Exists(waiting)
    found = Subscription.objects.filter(work, active=True, next_try__lte=now).select_related("user")
    return found.order_by("next_try", "pk")


def _outward() -> Send:
    way = Way(private=surroundings.private_allowed(), authorities=surroundings.authorities())
    return partial(post, way=way)


@transaction.atomic
def _waiting(row: Subscription, now: datetime) -> Delivery | None:
    """The delivery that waits, or a new one for the next events; None where none of them concern it."""
    here = row.deliveries.filter(state=Delivery.WAITING).order_by("first", "pk").first()  # a test goes first
    if here is not None:
        return here
    batch = events_after(row.user, row.cursor, most=BATCH, kinds=row.kinds, only=row.campaign)
    if not batch.events:
        Subscription.objects.filter(pk=row.pk).update(cursor=batch.looked, next_try=now)  # others' turn
        return None
    return Delivery.objects.create(
        subscription=row, first=batch.events[0].pk, last=batch.looked, events=len(batch.events)
    )


def _try(row: Subscription, delivery: Delivery, now: datetime, send: Send) -> None:
    try:
        secret = unseal(row.sealed)
    except InvalidToken:
        disable(row, FOREIGN, by=None)
        return
    body = msgspec.json.encode(_body(row, delivery))
    number = str(delivery.number)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Tocsin/{__version__}",
        DELIVERY: number,
        HEADER: sign(secret, delivery=number, body=body, at=int(now.timestamp())),
    }
    _keep(row, delivery, send(row.url, body, headers), now)


def _body(row: Subscription, delivery: Delivery) -> dict[str, Any]:
    """The events of a delivery as its person may see them now."""
    fields = {"delivery": str(delivery.number), "subscription": row.pk, "test": delivery.first == 0}
    if not delivery.first:
        return {**fields, "events": []}
    batch = events_after(row.user, delivery.first - 1, most=BATCH, kinds=row.kinds, only=row.campaign)
    events = [shown(event) for event in batch.events if event.pk <= delivery.last]
    return {**fields, "events": events}


@transaction.atomic
def _keep(asked: Subscription, delivery: Delivery, answer: Answer, now: datetime) -> None:
    """Write down what came of a try; meanwhile somebody may have ended it all, or gone on from now."""
    row = Subscription.objects.select_for_update().filter(pk=asked.pk).first()
    if row is None:
        return
    Attempt.objects.create(
        delivery=delivery,
        at=now,
        status=answer.status,
        fault=answer.fault,
        milliseconds=answer.milliseconds,
    )
    if answer.taken:
        _taken(row, delivery, now)
    else:
        _failed(row, answer, now)


def _taken(row: Subscription, delivery: Delivery, now: datetime) -> None:
    waits = Delivery.objects.filter(pk=delivery.pk, state=Delivery.WAITING)
    waits.update(state=Delivery.DELIVERED, delivered=now)
    row.failures, row.next_try = 0, now
    row.cursor = max(row.cursor, delivery.last)
    row.save(update_fields=["failures", "next_try", "cursor"])


def _failed(row: Subscription, answer: Answer, now: datetime) -> None:
    row.failures += 1
    row.next_try = next_try(row.failures, now)
    row.save(update_fields=["failures", "next_try"])
    if row.failures >= MOST_FAILURES and row.active:
        disable(row, f"{row.failures} tries in a row failed; the last one: {answer.fault}", by=None)
