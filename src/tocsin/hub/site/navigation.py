"""The main menu: which pages there are, and for whom."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse

from tocsin.hub.accounts.models import User
from tocsin.hub.rules.words import Role

STAFF = frozenset({Role.ADMINISTRATOR, Role.ANALYST, Role.VIEWER})
EVERYBODY = frozenset(Role)


class Page(NamedTuple):
    """One entry: what it is called, the name of its address, and who sees it."""

    name: str
    address: str
    roles: frozenset[Role]


PAGES = (
    Page("Situation", "dashboard", EVERYBODY),
    Page("Campaigns", "campaigns", EVERYBODY),
    Page("Servers", "servers", EVERYBODY),
    Page("Organisations", "organisations", EVERYBODY),
    Page("Snapshots", "snapshots", STAFF),
    Page("Carriers", "carriers", EVERYBODY),
    Page("Attackers", "infrastructures", STAFF),
)


def navigation(request: HttpRequest) -> list[dict[str, object]]:
    """The entries that this visitor may follow, each with ``name``, ``address`` and ``here``."""
    if not isinstance(request.user, User):
        return []
    shown = (page for page in PAGES if request.user.role in page.roles)
    return [_entry(page, request.path) for page in shown]


def _entry(page: Page, path: str) -> dict[str, object]:
    address = reverse(page.address)
    here = path == address if address == "/" else path.startswith(address)
    return {"name": page.name, "address": address, "here": here}
