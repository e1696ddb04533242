"""For how long messages are kept that have ended. The chain of events keeps that they were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.lists.kept import Kept
from tocsin.hub.outbox.models import Message
from tocsin.hub.rules.mail import State

ENDED = [
    State.SENT,
    State.DELIVERED,
    State.BOUNCED,
    State.REFUSED,
    State.CANCELLED,
    State.PRINTED,
    State.CALLED,
]


def _messages(before: datetime) -> QuerySet[Any]:
    return Message.objects.filter(created__lt=before, state__in=ENDED, told=True)


KEPT = (Kept("messages", "Messages that left the hub, with their text and attachments", 730, _messages),)
