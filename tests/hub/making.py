"""Makers of rows: each gives a sound row with what the test names, and makes what that needs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from tocsin.hub.accounts.models import Membership, User
from tocsin.hub.campaigns.models import Campaign, KnownExploited
from tocsin.hub.census.models import CensusSource, Server, Snapshot
from tocsin.hub.constituency.models import Claim, Contact, Organisation
from tocsin.hub.exposure.models import Standing
from tocsin.hub.rules.words import Channel, ClaimKind, ContactRole, Exposure, Role

DAY = datetime(2021, 3, 3, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"  # noqa: S105 - of people in tests
_numbers = count(1)


def person(role: Role = Role.ANALYST, email: str = "", **rest: Any) -> User:
    """Somebody of a role."""
    address = email or f"{role.value}{next(_numbers)}@hub.example"
    return User.objects.create_user(address, PASSWORD, role=role, **rest)


def organisation(name: str = "Contoso", **rest: Any) -> Organisation:
    """An organisation."""
    return Organisation.objects.create(name=name, **rest)


def member(of: Organisation, email: str = "") -> User:
    """Somebody who belongs to one organisation."""
    somebody = person(Role.MEMBER, email)
    Membership.objects.create(user=somebody, organisation=of)
    return somebody


def contact(of: Organisation, value: str = "security@contoso.example", **rest: Any) -> Contact:
    """A way to reach an organisation."""
    fields = {"role": ContactRole.TECHNICAL, "channel": Channel.EMAIL, **rest}
    return Contact.objects.create(organisation=of, value=value, **fields)


def claim(
    of: Organisation, value: str = "192.0.2.0/24", kind: ClaimKind = ClaimKind.CIDR, **rest: Any
) -> Claim:
    """What an organisation calls its own."""
    return Claim.objects.create(organisation=of, kind=kind, value=value, **rest)


def campaign(key: str = "proxylogon", **rest: Any) -> Campaign:
    """A campaign, made once."""
    fields = {"name": "ProxyLogon", "version": "1", "digest": "0" * 64, "disclosed": date(2021, 3, 2), **rest}
    return Campaign.objects.get_or_create(key=key, defaults=fields)[0]


def known_exploited(cve: str = "CVE-2021-26855", **rest: Any) -> KnownExploited:
    """A row of the catalogue of known exploited vulnerabilities."""
    fields = {
        "vendor": "Microsoft",
        "product": "Exchange Server",
        "name": "Remote code execution",
        "action": "Apply updates.",
        "added": date(2021, 11, 3),
        "due": date(2021, 11, 17),
        **rest,
    }
    return KnownExploited.objects.create(cve=cve, **fields)


def source(key: str = "scan") -> CensusSource:
    """Somebody who looks, made once."""
    return CensusSource.objects.get_or_create(key=key, defaults={"name": key})[0]


def snapshot(of: CensusSource | None = None, *, days: int = 0, **rest: Any) -> Snapshot:
    """A finished census, ``days`` after `DAY`."""
    fields = {
        "taken": DAY + timedelta(days=days),
        "layout": "generic",
        "digest": f"{next(_numbers):064x}",
        "filename": "census.csv",
        "state": Snapshot.COMPLETE,
        **rest,
    }
    return Snapshot.objects.create(source=of or source(), **fields)


def server(ip: str = "192.0.2.1", owner: Organisation | None = None, **rest: Any) -> Server:
    """A server, seen on `DAY`."""
    fields = {"identity": f"ip:{ip}:443", "first_seen": DAY, "last_seen": DAY, **rest}
    return Server.objects.create(ip=ip, organisation=owner, **fields)


def standing(of: Server, in_: Campaign | None = None, **rest: Any) -> Standing:
    """Where a server stands in a campaign."""
    fields = {
        "exposure": Exposure.VULNERABLE,
        "since": DAY.date(),
        "opened": DAY.date(),
        "last_seen": of.last_seen,
        **rest,
    }
    return Standing.objects.create(
        server=of, campaign=in_ or campaign(), organisation=of.organisation, **fields
    )
