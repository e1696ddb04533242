"""What this app keeps for a time. What a decision rests on stays as long as the decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from tocsin.hub.lists.kept import Kept
from tocsin.hub.owners.models import Answer, HandIn, OwnerLink
from tocsin.hub.rules.handins import State


def _links(before: datetime) -> QuerySet[Any]:
    ended = Q(expires__lt=before) | Q(withdrawn__lt=before) | Q(done__lt=before)
    return OwnerLink.objects.filter(ended, answers=None, hand_ins=None)


def _answers(before: datetime) -> QuerySet[Any]:
    return Answer.objects.filter(at__lt=before)


def _hand_ins(before: datetime) -> QuerySet[Any]:
    """Their files leave quarantine with the next sweep."""
    return HandIn.objects.filter(received__lt=before).exclude(state=State.CONFIRMED)


KEPT = (
    Kept("hand-ins", "What owners handed in and nobody confirmed, with its files", 180, _hand_ins),
    Kept("owner-answers", "What owners answered", 730, _answers),
    Kept("owner-links", "Links for owners that have ended and brought nothing", 90, _links),
)
