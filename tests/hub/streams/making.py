"""Makers of events."""

from __future__ import annotations

from django.utils import timezone
from tests.hub import making

from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.models import Event


def event(
    subject: str, kind: str = "exposure", campaign: str = "proxylogon", after: str = "patched"
) -> Event:
    """One event at the end of the chain."""
    with writing():
        change = Change(at=timezone.now(), kind=kind, subject=subject, campaign=campaign, after=after)
        append([change])
    return Event.objects.order_by("-pk")[0]


def owned(ip: str, owner: Organisation | None) -> tuple[Server, Event]:
    """A server and an event of it."""
    server = making.server(ip, owner)
    return server, event(f"server:{server.pk}")
