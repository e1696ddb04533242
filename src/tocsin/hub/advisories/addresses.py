"""Addresses of advisories as the world sees them: in feeds, mail and CSAF documents."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.urls import reverse

from tocsin.hub.rules.csaf import filename
from tocsin.hub.rules.csaf_provider import FOLDER
from tocsin.hub.rules.tlp import Tlp


def absolute(path: str) -> str:
    """A path of the hub with the address at which people reach it."""
    return str(settings.PUBLIC_URL).rstrip("/") + path


def page(slug: str) -> str:
    """The advisory's page."""
    return absolute(reverse("advisory", args=[slug]))


def document(slug: str, number: str, first: datetime, tlp: str) -> str:
    """The CSAF document: open to all where the mark is ``clear``, else behind the advisory's page."""
    if tlp != Tlp.CLEAR:
        return absolute(reverse("advisory-csaf", args=[slug]))
    return absolute(f"{FOLDER}{path(number, first)}")


def path(number: str, first: datetime) -> str:
    """``2021/tocsin-2021-0001.json``: by the year of the first release."""
    return f"{first.astimezone(UTC).year}/{filename(number)}"
