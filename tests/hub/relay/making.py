"""Makers of carriers, slices and reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from tests.hub import making

from tocsin.hub.accounts.models import OperatorText, User
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.exposure.models import Standing
from tocsin.hub.relay import reporting
from tocsin.hub.relay.models import Carrier, Entry, Infrastructure, ScopePart
from tocsin.hub.relay.slicing import carry
from tocsin.hub.rules.relay_reports import Use


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
