"""Makers of carriers, slices and reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone
from tests.hub import making

from tocsin.hub.accounts.models import OperatorText, User
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.exposure.models import Standing
from tocsin.hub.relay import reporting
from tocsin.hub.relay.models import (
    Authority,
    Carrier,
    Entry,
    Infrastructure,
    Report,
    ScopePart,
    Secrecy,
)
from tocsin.hub.relay.slicing import carry
from tocsin.hub.rules.relay_reports import Use
from tocsin.hub.streams import services
from tocsin.hub.streams.models import Subscription


def fill(people: dict[str, User]) -> None:
    """Rows numbered as the tables of addresses say: carrier and receiver 1 are the member's, 2 are not."""
    for number in (1, 2):
        owner = Organisation.objects.get(pk=number)
        carrier(owner, f"192.0.2.{number}/32", pk=number, name=f"Carrier {number}", by_claims=False)
    carried()
    Entry.objects.filter(carrier=1).update(id=1)
    Secrecy.objects.create(pk=1, organisation_id=2, reason="x")
    ScopePart.objects.filter(carrier=1).update(id=1)
    sender()
    row = infrastructure(people["analyst"])
    Infrastructure.objects.filter(pk=row.pk).update(id=1)
    Authority.objects.create(pk=1, name="Police", address="cyber@police.example")
    fields = {
        "recipient": "hoster",
        "name": "Hoster",
        "address": "abuse@hoster.example",
        "by": people["analyst"],
    }
    Report.objects.create(pk=1, infrastructure_id=1, reference=uuid4(), key="1", **fields)
    for number, who in ((1, "member"), (2, "administrator")):
        sealed = services.seal("hook_x")
        url = "https://receiver.example/"
        Subscription.objects.create(pk=number, user=people[who], name="siem", url=url, sealed=sealed)


def carrier(of: Organisation | None = None, *networks: str, **rest: Any) -> Carrier:
    """A carrier with these networks in its scope."""
    owner = of or making.organisation("Carrier")
    row = Carrier.objects.create(**{"name": f"Carrier {owner.pk}", "organisation": owner, **rest})
    ScopePart.objects.bulk_create(ScopePart(carrier=row, kind="cidr", value=value) for value in networks)
    return row


def standing(ip: str = "192.0.2.1", owner: Organisation | None = None, **rest: Any) -> Standing:
    """Where a new server stands."""
    about = {key: rest.pop(key) for key in ("hostname", "name", "asn", "pk") if key in rest}
    return making.standing(making.server(ip, owner, **about), **rest)


def carried() -> None:
    """Bring all slices up to date."""
    while carry():
        pass


def slice_of(row: Carrier) -> dict[str, Entry]:
    """Rows that stand in a slice now, by address."""
    found = Entry.objects.filter(carrier=row, left=None).select_related("standing__server", "carrier")
    return {entry.standing.server.ip: entry for entry in found}


def sender() -> None:
    """Who reports."""
    for key, text in zip(reporting.SENDER, ("Contoso CERT", "reports@cert.example"), strict=True):
        OperatorText.objects.update_or_create(key=key, defaults={"text": text})


def infrastructure(by: User, text: str = "203.0.113.9", **rest: Any) -> Infrastructure:
    """Something that attackers use, seen yesterday."""
    seen = timezone.now() - timedelta(days=1)
    fields = {"use": Use.ATTACK, "first": seen, "last": seen, "origin": "by hand", **rest}
    return reporting.keep(reporting.Found(text=text, **fields), by=by)
