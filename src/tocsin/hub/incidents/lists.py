"""The list of incident reports."""

from __future__ import annotations

from django.urls import reverse

from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Day, Exactly, Number
from tocsin.hub.listing.lists import Listing
from tocsin.hub.lists.keyset import Order
from tocsin.hub.rules.incident import Proof, State
from tocsin.hub.rules.tlp import LABELS, Tlp


def _page(row: IncidentReport) -> str:
    return reverse("incident", args=[row.pk])


INCIDENTS = Listing(
    key="incidents",
    title="Incident reports",
    noun="reports",
    empty="Nobody has reported an incident yet.",
    orders=(Order(key="received", label="Received", fields=("-received", "-id")),),
    columns=(
        Column(key="reference", label="Reference", value=lambda row: row.reference, kind="code", link=_page),
        Column(key="state", label="State", value=lambda row: row.state, kind="state"),
        Column(key="reporter", label="Reported for", value=lambda row: row.organisation_name, link=_page),
        Column(
            key="organisation",
            label="Organisation",
            value=lambda row: str(row.organisation) if row.organisation else None,
        ),
        Column(
            key="campaign", label="Campaign", value=lambda row: str(row.campaign) if row.campaign else None
        ),
        Column(key="tlp", label="Mark", value=lambda row: LABELS[Tlp(row.tlp)]),
        Column(key="proof", label="Came with", value=lambda row: row.proof),
        Column(key="next_due", label="Next due", value=lambda row: row.next_due, kind="moment"),
        Column(
            key="received", label="Received", value=lambda row: row.received, kind="moment", order="received"
        ),
    ),
    filters=(
        Choice(
            key="state", label="State", field="state", choices=[(each.value, each.value) for each in State]
        ),
        Exactly(key="reference", label="Reference", field="reference", fold=str.upper, hint="whole"),
        Number(key="organisation", label="Organisation's number", field="organisation"),
        Choice(
            key="proof",
            label="Came with",
            field="proof",
            choices=[(each.value, each.value) for each in Proof],
        ),
        Day(key="since", label="Received since", field="received"),
        Day(key="until", label="Received until", field="received", until=True),
    ),
)
