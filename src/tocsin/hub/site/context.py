"""What every page may name: the release, and the menu."""

from __future__ import annotations

from django.http import HttpRequest

from tocsin import __version__
from tocsin.hub.site.navigation import navigation


def surroundings(request: HttpRequest) -> dict[str, object]:
    """``tocsin_version`` for the foot of each page, ``navigation`` for its head."""
    return {"tocsin_version": __version__, "navigation": navigation(request)}
