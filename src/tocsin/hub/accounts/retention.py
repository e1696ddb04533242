"""What accounts keep for a time. Acts are the record of what was done: they stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from tocsin.hub.accounts.models import ExportRequest, Invitation, Reading, Refusal, Token
from tocsin.hub.lists.kept import Kept


def _readings(before: datetime) -> QuerySet[Any]:
    return Reading.objects.filter(at__lt=before)


def _refusals(before: datetime) -> QuerySet[Any]:
    return Refusal.objects.filter(last__lt=before)


def _invitations(before: datetime) -> QuerySet[Any]:
    return Invitation.objects.filter(Q(expires__lt=before) | Q(used__lt=before))


def _tokens(before: datetime) -> QuerySet[Any]:
    return Token.objects.filter(Q(expires__lt=before) | Q(revoked__lt=before))


def _sessions(before: datetime) -> QuerySet[Any]:
    return Session.objects.filter(expire_date__lt=before)


def _exports(before: datetime) -> QuerySet[Any]:
    return ExportRequest.objects.filter(asked__lt=before)


KEPT = (
    Kept("readings", "Who looked at pages that show victims", 400, _readings),
    Kept("refusals", "Failed log-ins and what else was refused", 90, _refusals),
    Kept("invitations", "Invitations that were used or have expired", 90, _invitations),
    Kept("tokens", "Tokens that have ended", 400, _tokens),
    Kept("sessions", "Sessions that have ended", 1, _sessions),
    Kept(
        "exports", "Requests for bulk exports (the record of acts keeps that they were made)", 400, _exports
    ),
)
