"""What is kept of subscribers for a time. Who ends a subscription is forgotten at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.advisories.models import Subscriber
from tocsin.hub.lists.kept import Kept


def _unconfirmed(before: datetime) -> QuerySet[Any]:
    return Subscriber.objects.filter(state=Subscriber.WAITING, asked__lt=before)


def _confirmed(before: datetime) -> QuerySet[Any]:
    return Subscriber.objects.filter(state=Subscriber.CONFIRMED, confirmed__lt=before)


KEPT = (
    Kept("subscribers-waiting", "Addresses that never confirmed a subscription", 7, _unconfirmed),
    Kept("subscribers", "Subscribers' addresses, from when they confirmed", None, _confirmed),
)
