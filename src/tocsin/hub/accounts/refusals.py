"""Who was refused: wrong passwords, codes and keys, and pages that were not for whoever asked.

What was typed is kept nowhere: people type passwords into the wrong field. A refusal names the account that
was meant, where there is one, and the address it came from. Refusals alike within an hour are one row with a
count, and new rows of an hour are few, so that a flood fills no disk.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_login_failed
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.models import Refusal, User
from tocsin.hub.accounts.services import address_of

PASSWORD, LOCKED, CODE = "password", "locked", "code"
LINK, KEY, PAGE = "link", "key", "page"
TOGETHER = timedelta(hours=1)
MOST = 500
"""New rows in an hour; what comes on top is counted by kind alone."""

LONGEST = 200


def refused(kind: str, request: HttpRequest | None, *, user: User | None = None, place: str = "") -> None:
    """Keep that somebody was refused, or count it with what was refused in the same way before."""
    now = timezone.now()
    alike = {"kind": kind, "user": user, "address": address_of(request) if request else None}
    alike["place"] = place[:LONGEST].replace("\0", "")
    if _counted(alike, now):
        return
    if not within("refusals", MOST, seconds=int(TOGETHER.total_seconds())):
        alike = {"kind": kind, "user": None, "address": None, "place": ""}
        if _counted(alike, now):
            return
    Refusal.objects.create(**alike, first=now, last=now)


def _counted(alike: dict[str, Any], now: Any) -> bool:
    same = {name: value for name, value in alike.items() if value is not None}
    none = {f"{name}__isnull": True for name, value in alike.items() if value is None}
    found = Refusal.objects.filter(**same, **none, first__gt=now - TOGETHER)
    number = found.order_by("-first").values_list("pk", flat=True).first()
    return bool(number and Refusal.objects.filter(pk=number).update(times=F("times") + 1, last=now))


def account_of(email: object) -> User | None:
    """The account that somebody meant, where there is one."""
    return User.objects.filter(email=str(email or "").strip().lower()[:254].replace("\0", "")).first()


def _wrong_password(
    sender: object,  # noqa: ARG001 - Django's signature
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **_: Any,
) -> None:
    refused(PASSWORD, request, user=account_of(credentials.get("email")))


def _wrong_code(sender: object, request: HttpRequest, user: User, **_: Any) -> None:  # noqa: ARG001 - allauth's signature
    refused(CODE, request, user=user)


def listen() -> None:
    """Hear of what is refused at the entrance, once."""
    user_login_failed.connect(_wrong_password, dispatch_uid="tocsin.refusals")
    authentication_failed.connect(_wrong_code, dispatch_uid="tocsin.refusals")
