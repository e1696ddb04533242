"""Administrators and analysts need a second factor. Their first log-in has a grace to set one up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from tocsin.hub.accounts.models import User

GRACE = timedelta(hours=8)
OPEN = ("/account/", "/static/", "/data-protection/")
TOKENS = "/account/tokens/"
"""A token opens the API without a factor: whoever could make one would need none."""


class SecondFactor:
    """Sends those who need a second factor and have none to the page that sets one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Django's form of a middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let through, or send to set-up."""
        open_ = request.path.startswith(OPEN) and not request.path.startswith(TOKENS)
        if open_ or not wanting(request.user):
            return self.get_response(request)
        return HttpResponseRedirect(reverse("second-factor"))


def wanting(user: object) -> bool:
    """Whether this person must set up a second factor before he goes on."""
    if not isinstance(user, User) or not user.writes or in_grace(user):
        return False
    return not is_mfa_enabled(user)


def in_grace(user: User, now: datetime | None = None) -> bool:
    """Whether the first log-in is so recent that a second factor may wait."""
    return user.grace_until is not None and (now or timezone.now()) < user.grace_until


def begin_grace(user: User, now: datetime | None = None) -> None:
    """The first log-in opens the grace, once."""
    if user.grace_until is None:
        user.grace_until = (now or timezone.now()) + GRACE
        User.objects.filter(pk=user.pk).update(grace_until=user.grace_until)


def _logged_in(sender: object, user: object, **_: Any) -> None:  # noqa: ARG001 - Django's signature
    if isinstance(user, User) and user.writes:
        begin_grace(user)


def listen() -> None:
    """Hear of log-ins, once."""
    user_logged_in.connect(_logged_in, dispatch_uid="tocsin.second_factor")
