"""What streams keep for a time: the log of deliveries. The events themselves stand in the chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.lists.kept import Kept
from tocsin.hub.streams.models import Delivery


def _sent(before: datetime) -> QuerySet[Any]:
    return Delivery.objects.filter(created__lt=before).exclude(state=Delivery.WAITING)


KEPT = (Kept("deliveries", "What was sent to receivers of events, and every try", 30, _sent),)
