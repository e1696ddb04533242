"""What is kept of incident reports for a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.incidents.models import IncidentReport, SpentProof
from tocsin.hub.lists.kept import Kept
from tocsin.hub.rules.incident import State


def _closed(before: datetime) -> QuerySet[Any]:
    return IncidentReport.objects.filter(closed__lt=before).exclude(state=State.REFUSED)


def _refused(before: datetime) -> QuerySet[Any]:
    return IncidentReport.objects.filter(state=State.REFUSED, closed__lt=before)


def _proofs(before: datetime) -> QuerySet[Any]:
    return SpentProof.objects.filter(ends__lt=before)


KEPT = (
    Kept(
        "incidents",
        "Incident reports with their files, from when they were closed or merged",
        1_095,
        _closed,
    ),
    Kept("incidents-refused", "Reports that were none, from when that was decided", 90, _refused),
    Kept("spent-proofs", "Marks of work that reporters' browsers did", 1, _proofs),
)
