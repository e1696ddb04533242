"""What slices keep for a time. What was reported, and what came of it, stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.lists.kept import Kept
from tocsin.hub.relay.models import Entry


def _left(before: datetime) -> QuerySet[Any]:
    return Entry.objects.filter(left__lt=before)


KEPT = (Kept("slice-rows", "Rows that left a carrier's slice, with what it answered", 730, _left),)
