"""What every page may name: the release, the menu, and what is still being taken in."""

from __future__ import annotations

from django.http import HttpRequest

from tocsin import __version__
from tocsin.hub.accounts.models import User
from tocsin.hub.census.selectors import Unfinished, unfinished
from tocsin.hub.rules.words import Role
from tocsin.hub.site.navigation import navigation


def surroundings(request: HttpRequest) -> dict[str, object]:
    """``tocsin_version`` for the foot of each page, ``navigation`` and ``unfinished`` for its head."""
    return {
        "tocsin_version": __version__,
        "navigation": navigation(request),
        "unfinished": lambda: _unfinished(request),  # asked by pages that say so, and by no other
    }


def _unfinished(request: HttpRequest) -> Unfinished | None:
    visitor = getattr(request, "user", None)
    staff = isinstance(visitor, User) and visitor.role != Role.MEMBER
    return unfinished() if staff else None
