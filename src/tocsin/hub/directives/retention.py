"""What this app keeps for a time: filled workbooks as they came back, with names and numbers of people."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from tocsin.hub.directives.models import Return
from tocsin.hub.lists.kept import Kept

FIVE_YEARS = 1_826


def _old(before: datetime) -> QuerySet[Return]:
    return Return.objects.filter(at__lt=before)


KEPT = (Kept("directive-workbooks", "Workbooks of directives that came back, whole", FIVE_YEARS, _old),)
