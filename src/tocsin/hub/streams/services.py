"""Subscribe, end, change the secret, and go on after a failure."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.rules.streams import may_subscribe, sound_url
from tocsin.hub.streams.models import Delivery, Subscription
from tocsin.hub.streams.selectors import newest

MOST = 20
PREFIX = "hook_"


@transaction.atomic
def subscribe(
    user: User, *, name: str, url: str, kinds: Sequence[str] = (), campaign: str = ""
) -> tuple[Subscription, str]:
    """A receiver of all events from now on, and its secret, which is shown this once.

    Raises:
        PermissionDenied: this role sends no events out.
        UsageFault: the address may not be used, or there are too many.
    """
    if not may_subscribe(user.role):
        raise PermissionDenied
    if user.subscriptions.count() >= MOST:
        raise UsageFault(f"one person has at most {MOST} receivers")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = Subscription.objects.create(
        user=user,
        name=name,
        url=sound_url(url),
        sealed=seal(secret),
        kinds=sorted(set(kinds)),
        campaign=campaign,
        cursor=newest(),
    )
    record("subscribed", f"subscription:{row.pk}", by=user, url=row.url, kinds=row.kinds)
    return row, secret


@transaction.atomic
def unsubscribe(row: Subscription, *, by: User) -> None:
    """End a subscription, with its log."""
    record("unsubscribed", f"subscription:{row.pk}", by=by, url=row.url)
    row.delete()


@transaction.atomic
def change_secret(row: Subscription, *, by: User) -> str:
    """A new secret for all deliveries from now on; the old one ends at once."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row.sealed = seal(secret)
    row.save(update_fields=["sealed"])
    record("secret changed", f"subscription:{row.pk}", by=by)
    return secret


@transaction.atomic
def enable(row: Subscription, *, by: User, from_now: bool = False) -> None:
    """Try again: from the event where it stopped, or from now on."""
    row.active, row.failures, row.why, row.next_try = True, 0, "", timezone.now()
    if from_now:
        row.cursor = newest()
        row.deliveries.filter(state=Delivery.WAITING).update(state=Delivery.DROPPED)
    row.save()
    record("subscription enabled", f"subscription:{row.pk}", by=by, from_now=from_now)


@transaction.atomic
def disable(row: Subscription, why: str, *, by: User | None) -> None:
    """Send nothing more until somebody enables it."""
    row.active, row.why = False, why[:500]
    row.save(update_fields=["active", "why"])
    record("subscription disabled", f"subscription:{row.pk}", by=by, why=row.why)


def send_test(row: Subscription) -> Delivery:
    """Queue a delivery without events."""
    if row.deliveries.filter(state=Delivery.WAITING, first=0).exists():
        raise UsageFault("a test waits already")
    Subscription.objects.filter(pk=row.pk).update(next_try=timezone.now())
    return Delivery.objects.create(subscription=row, first=0, last=0)


def seal(secret: str) -> str:
    """What the database holds of a secret."""
    return _box().encrypt(secret.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """The secret that the receiver shares with us.

    Raises:
        cryptography.fernet.InvalidToken: it was sealed by another hub.
    """
    return _box().decrypt(sealed.encode("ascii")).decode()


def _box() -> Fernet:
    derived = hashlib.sha256(b"webhooks\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
