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


class Group(NamedTuple):
    """Entries that belong together; those of the group without a name stand in the menu by themselves."""

    name: str
    pages: tuple[Page, ...]


GROUPS = (
    Group(
        "",
        (
            Page("Situation", "dashboard", EVERYBODY),
            Page("Campaigns", "campaigns", EVERYBODY),
            Page("Servers", "servers", EVERYBODY),
            Page("Organisations", "organisations", EVERYBODY),
            Page("Cases", "cases", EVERYBODY),
        ),
    ),
    Group(
        "Warn",
        (
            Page("Advisories", "advisories", EVERYBODY),
            Page("Notices", "batches", EVERYBODY),
            Page("Outbox", "outbox", STAFF),
            Page("Carriers", "carriers", EVERYBODY),
            Page("Attackers", "infrastructures", STAFF),
        ),
    ),
    Group(
        "Follow up",
        (
            Page("Hand-ins", "hand-ins", EVERYBODY),
            Page("Directives", "directives", EVERYBODY),
            Page("Incidents", "incidents", EVERYBODY),
        ),
    ),
    Group(
        "Sources",
        (Page("Snapshots", "snapshots", STAFF), Page("Events for programs", "subscriptions", EVERYBODY)),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, object]]:
    """The groups that this visitor may follow: ``name``, ``here``, and ``entries`` with name, address, here.

    A request that was refused before anybody was recognised, such as one for a wrong host, has no visitor.
    """
    visitor = getattr(request, "user", None)
    if not isinstance(visitor, User):
        return []
    shown = (_shown(group, Role(visitor.role), request.path) for group in GROUPS)
    return [group for group in shown if group["entries"]]


def _shown(group: Group, role: Role, path: str) -> dict[str, object]:
    entries = [_entry(page, path) for page in group.pages if role in page.roles]
    return {"name": group.name, "entries": entries, "here": any(entry["here"] for entry in entries)}


def _entry(page: Page, path: str) -> dict[str, object]:
    address = reverse(page.address)
    here = path == address if address == "/" else path.startswith(address)
    return {"name": page.name, "address": address, "here": here}
