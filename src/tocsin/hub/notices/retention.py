"""What notices keep for a time. Batches that are over stay until the operator says otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.lists.kept import Kept
from tocsin.hub.notices.models import Batch, MailRoute
from tocsin.hub.rules.notices import BatchState


def _routes(before: datetime) -> QuerySet[Any]:
    return MailRoute.objects.filter(looked__lt=before)


def _batches(before: datetime) -> QuerySet[Any]:
    return Batch.objects.filter(state__in=[BatchState.DONE, BatchState.CANCELLED], created__lt=before)


KEPT = (
    Kept("mail-routes", "Where mail of owners goes, as it was looked up", 30, _routes),
    Kept("batches", "Batches of notices that are over, with every message", None, _batches),
)
