"""Makers of advisories, subscribers and who publishes them."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.hub import making

from tocsin.hub.accounts.models import User
from tocsin.hub.advisories import services
from tocsin.hub.advisories.models import Advisory, Publisher, Subscriber
from tocsin.hub.rules.advisory import Content
from tocsin.hub.rules.words import Role

_numbers = count(1)


def publisher(**rest: Any) -> Publisher:
    """Who publishes, made once."""
    fields = {"name": "CERT Contoso", "namespace": "https://cert.contoso.example", **rest}
    return Publisher.objects.first() or Publisher.objects.create(**fields)


def content(**rest: Any) -> Content:
    """An advisory's content with all its tables."""
    fields: dict[str, Any] = {
        "title": "Mail servers are broken into",
        "summary": "Install the update, then look for who came in before.",
        "text": "# What happened\n\nSomebody came in.\n",
        "cves": (("CVE-2021-26855", "A forged request"),),
        "products": (
            ("Contoso", "Mail 2016", "CU18", "15.1.2106.13 (Mar21SU)", "KB1"),
            ("Contoso", "Mail 2013", "CU4", "", ""),
        ),
        "mitigations": (("A rule", "It is not a remedy."),),
        "steps": (("preserve", "Copy the evidence"),),
        "sources": (("Vendor", "https://vendor.example/advisory"),),
        **rest,
    }
    return Content(**fields)


def advisory(by: User | None = None, **rest: Any) -> Advisory:
    """A draft."""
    publisher()
    return services.create(content(**rest), by=by or making.person(Role.ANALYST))


def published(by: User | None = None, **rest: Any) -> Advisory:
    """A published advisory."""
    author = by or making.person(Role.ANALYST)
    row = advisory(author, **rest)
    services.publish(row, by=author, summary="First version")
    row.refresh_from_db()
    return row


def subscriber(address: str = "", **rest: Any) -> Subscriber:
    """Somebody who gets advisories by mail."""
    fields = {
        "state": Subscriber.CONFIRMED,
        "nonce": f"{next(_numbers):032}",
        "confirmed": making.DAY,
        **rest,
    }
    return Subscriber.objects.create(address=address or f"reader{next(_numbers)}@contoso.example", **fields)
