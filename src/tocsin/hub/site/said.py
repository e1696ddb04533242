"""Where "Saved." waits until the next page: a signed cookie, under a name that fits the hub's address."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class Cookie(CookieStorage):
    """Django's, but that no other host of the domain can set it."""

    cookie_name = f"{settings.HOST}messages"


class Said(FallbackStorage):
    """The cookie, and the session for what is too long for one."""

    storage_classes = (Cookie, SessionStorage)
