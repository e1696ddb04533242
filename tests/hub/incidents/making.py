"""Makers of incident reports."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.hub import making

from tocsin.hub.incidents import services
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.rules.incident import Proof

AWARE = datetime(2021, 3, 3, 9, tzinfo=UTC)
_numbers = count(1)


def told(**rest: Any) -> services.Told:
    """What somebody tells."""
    fields: dict[str, Any] = {
        "organisation_name": "Contoso",
        "contact": "+44 20 7946 0000",
        "seen": "A page that nobody put there.",
        "aware": AWARE,
        **rest,
    }
    return services.Told(**fields)


def taken(*, now: datetime | None = None, proof: Proof = Proof.WORK, **rest: Any) -> services.Taken:
    """A report with its secret."""
    return services.take(told(**rest), proof=proof, now=now)


def report(**rest: Any) -> IncidentReport:
    """A report of a campaign and an organisation, with a server."""
    row = taken(**rest).report
    owner = making.organisation()
    row.organisation, row.campaign = owner, making.campaign(cves=["CVE-2021-26855"])
    row.save()
    row.servers.add(making.server(f"192.0.2.{next(_numbers)}", owner, hostname="mail.contoso.example"))
    return row


def typed(**rest: Any) -> dict[str, Any]:
    """The form as a person fills it in."""
    fields: dict[str, Any] = {
        "organisation_name": "Contoso",
        "contact": "+44 20 7946 0000",
        "seen": "A page that nobody put there.",
        "aware_on": "2021-03-03",
        "aware_at": "09:00",
        "malicious": "yes",
        "cross_border": "unknown",
        "personal_data": "unknown",
        "functional": "unknown",
        "information": "unknown",
        "recoverability": "unknown",
        "tlp": "amber",
        "website": "",
        "proof": "",
    }
    return {**fields, **rest}
