"""Makers of rows for tests of notices, and what happens between them: planning, approving, sending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from tests.hub import making

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Observation, Server
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.notices import approving, planning
from tocsin.hub.notices.models import Batch
from tocsin.hub.notices.routes import Found
from tocsin.hub.notices.sending import send_some
from tocsin.hub.rules.notices import Kind
from tocsin.hub.rules.words import Channel, Exposure

NOW = datetime(2021, 3, 4, 9, tzinfo=UTC)
CVES = ["CVE-2021-26855", "CVE-2021-27065"]
ELSEWHERE = Found(hosts=("mx.mailhouse.example",), addresses=("203.0.113.25",))


def elsewhere(_domain: str) -> Found:
    """Mail exchangers far from everybody."""
    return ELSEWHERE


def at(address: str) -> Callable[[str], Found]:
    """Mail exchangers at one address."""
    return lambda _domain: Found(hosts=("mx.mailhouse.example",), addresses=(address,))


def campaign() -> Campaign:
    """ProxyLogon, with its numbers."""
    found = making.campaign()
    found.cves = CVES
    found.save()
    return found


def owner(number: int = 1, *, mail: str = "", **rest: Any) -> Organisation:
    """An organisation with one network, and a verified mail contact that lies elsewhere."""
    fields = {"name": f"Contoso {number}", **rest}
    made = making.organisation(**fields)
    making.claim(made, f"192.0.2.{number * 4}/30")
    value = mail or f"security{number}@mailhouse.example"
    making.contact(made, value, verified=timezone.now())
    return made


def server(
    of: Organisation, number: int = 4, exposure: Exposure = Exposure.VULNERABLE, **rest: Any
) -> Server:
    """A server that stands vulnerable in the campaign, and was seen by a scan."""
    found = making.server(
        f"192.0.2.{number}", of, hostname=f"mail{number}.contoso.example", build="15.1.2106.2"
    )
    making.standing(found, campaign(), exposure=exposure, **rest)
    Observation.objects.create(
        server=found,
        source=making.source(),
        content=f"{number:032x}",
        ip=found.ip,
        hostname=found.hostname,
        days=b"",
        first_seen=making.DAY,
        last_seen=making.DAY,
    )
    return found


def verified(of: Organisation, value: str, channel: Channel) -> Contact:
    """Another contact, verified."""
    return making.contact(of, value, channel=channel, verified=timezone.now())


def planned(
    by: User | None = None, kind: Kind = Kind.VULNERABLE, resolver: Any = elsewhere, **rest: Any
) -> Batch:
    """A batch over the whole campaign, planned."""
    who = by or making.person()
    if kind is Kind.DIRECTIVE:
        rest = {"directive": "Directive 1", "deadline": "noon EST, 5 March 2021", **rest}
    batch = planning.create(by=who, campaign=campaign(), kind=kind, **rest)
    while planning.plan_some(resolver):
        pass
    batch.refresh_from_db()
    return batch


def released(batch: Batch, by: User | None = None, now: datetime | None = None) -> Batch:
    """The batch, approved by as many people as it needs."""
    approving.approve(batch, by=by or making.person(), digest=batch.digest, now=now)
    batch.refresh_from_db()
    if batch.released is None:
        approving.approve(batch, by=making.person(), digest=batch.digest, now=now)
    batch.refresh_from_db()
    return batch


def sent(now: datetime | None = None, resolver: Any = None) -> None:
    """Everything that is due is given to the outbox."""
    while send_some(now or timezone.now() + timedelta(seconds=1), resolver):
        pass


def plan_all() -> None:
    """Every batch that waits for it is planned."""
    while planning.plan_some(elsewhere):
        pass
