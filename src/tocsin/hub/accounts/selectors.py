"""Read people, tokens and the record: each only as far as the asking person may see it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone

from tocsin.hub.accounts.models import (
    Act,
    ExportRequest,
    Invitation,
    OperatorText,
    Reading,
    Refusal,
    Token,
    User,
)
from tocsin.hub.rules import keys

Visitor = AbstractBaseUser | AnonymousUser
USED_EVERY = timedelta(minutes=5)


def users_visible_to(user: Visitor) -> QuerySet[User]:
    """Administrators see everybody, others themselves."""
    if not isinstance(user, User):
        return User.objects.none()
    return User.objects.all() if user.administers else User.objects.filter(pk=user.pk)


def tokens_visible_to(user: Visitor) -> QuerySet[Token]:
    """Administrators see everybody's tokens, others their own. Nobody sees a key."""
    return Token.objects.filter(user__in=users_visible_to(user)).select_related("user")


def invitations_visible_to(user: Visitor) -> QuerySet[Invitation]:
    """Open invitations, for administrators."""
    allowed = isinstance(user, User) and user.administers
    return Invitation.objects.filter(used=None) if allowed else Invitation.objects.none()


def readings_visible_to(user: Visitor) -> QuerySet[Reading]:
    """Administrators see who read what, others what they read themselves."""
    return Reading.objects.filter(user__in=users_visible_to(user)).select_related("user")


def refusals_visible_to(user: Visitor) -> QuerySet[Refusal]:
    """Who was refused, for administrators."""
    allowed = isinstance(user, User) and user.administers
    return Refusal.objects.select_related("user") if allowed else Refusal.objects.none()


def acts_visible_to(user: Visitor) -> QuerySet[Act]:
    """Administrators see all that was done, others what they did themselves."""
    if not isinstance(user, User):
        return Act.objects.none()
    return Act.objects.all() if user.administers else Act.objects.filter(by=user)


def exports_visible_to(user: Visitor) -> QuerySet[ExportRequest]:
    """Those who may ask for bulk exports see all of them, so that a second person can approve."""
    allowed = isinstance(user, User) and user.writes
    found = ExportRequest.objects.select_related("asked_by", "approved_by")
    return found if allowed else found.none()


def live_token(key: str) -> Token | None:
    """The token of a key, while it is neither expired nor revoked and its person may log in."""
    now = timezone.now()
    found = Token.objects.filter(
        digest=keys.digest(key[: keys.LONGEST]), revoked=None, expires__gt=now, user__is_active=True
    )
    token = found.select_related("user").first()
    if token and (token.last_used is None or token.last_used < now - USED_EVERY):
        Token.objects.filter(pk=token.pk).update(last_used=now)
    return token


def operator_texts() -> dict[str, str]:
    """What the operator wrote, by key."""
    return dict(OperatorText.objects.values_list("key", "text"))
