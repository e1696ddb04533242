"""How long a session lives, and what a browser keeps of it: an idle time, an end, and no copies.

Django counts a session's life from its last change, so that one in use could go on for ever; here it begins
at log-in, and ends ``SESSION_COOKIE_AGE`` later whatever happens in between.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.utils.cache import patch_cache_control

from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.refusals import PAGE, refused

BEGAN, SEEN = "tocsin-began", "tocsin-seen"
EVERY = 60
"""Seconds between two notes that a session is in use: not every page writes."""

PRIVATE = ("/account/", "/advisories/subscription/", "/api/", "/o/", "/report/")
"""Addresses whose pages are somebody's also where nobody is logged in."""

OPEN = ("/api/openapi.json",)
FORBIDDEN = 403


class Sessions:
    """Ends sessions that are over, and lets no browser and no proxy keep what somebody was shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Django's form of a middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let through what is not over, and mark the answer."""
        if request.method == "TRACE":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        known = request.user.is_authenticated
        if known and (why := over(request.session)):
            logout(request)
            messages.info(request, why)
        answer = self.get_response(request)
        _mark(request, answer, left=known and not request.user.is_authenticated)
        return answer


def over(session: SessionBase) -> str:
    """Why this session ends now, or nothing; notes that it is in use."""
    now = int(timezone.now().timestamp())
    began, seen = session.setdefault(BEGAN, now), session.setdefault(SEEN, now)
    if now - began >= settings.SESSION_COOKIE_AGE:
        longest = timedelta(seconds=settings.SESSION_COOKIE_AGE) // timedelta(hours=1)
        return f"You were logged out: a session lasts {longest} hours at most."
    if now - seen >= settings.SESSION_IDLE_SECONDS:
        minutes = settings.SESSION_IDLE_SECONDS // 60
        return f"You were logged out: nobody used this session for {minutes} minutes."
    if now - seen >= EVERY:
        session[SEEN] = now
    return ""


def _mark(request: HttpRequest, answer: HttpResponse, *, left: bool) -> None:
    person = request.user if isinstance(request.user, User) else None
    somebodys = request.path.startswith(PRIVATE) and request.path not in OPEN
    if left or person or somebodys:
        patch_cache_control(answer, no_store=True, private=True)
    if left:
        answer["Clear-Site-Data"] = '"cache"'
    if person and answer.status_code == FORBIDDEN:
        refused(PAGE, request, user=person, place=request.path)


def _logged_in(sender: object, request: HttpRequest | None, **_: Any) -> None:  # noqa: ARG001 - Django's signature
    if request is not None:
        now = int(timezone.now().timestamp())
        request.session[BEGAN], request.session[SEEN] = now, now


def listen() -> None:
    """Hear of log-ins, once."""
    user_logged_in.connect(_logged_in, dispatch_uid="tocsin.sessions")
