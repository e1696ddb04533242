"""The list of organisations: whose servers they are, where each stands, and who of them can be reached."""

from __future__ import annotations

from django.db.models import Exists, Q, QuerySet
from django.urls import reverse

from tocsin.hub.constituency.forms import sector_choices
from tocsin.hub.constituency.models import Claim, Organisation
from tocsin.hub.constituency.selectors import usable_contacts
from tocsin.hub.listing import prefixes
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Exactly, Flag, Number
from tocsin.hub.listing.lists import Listing, Search
from tocsin.hub.lists.keyset import Order
from tocsin.hub.rules.words import Provenance


def organisations_that_begin(text: str) -> QuerySet[Organisation]:
    """Organisations whose name begins with the text, or that claim exactly it (a network, a domain)."""
    folded = text.casefold()
    owners = Claim.objects.filter(value=folded).values("organisation")
    return Organisation.objects.filter(prefixes.name("folded", folded) | Q(pk__in=owners))


def _page(organisation: Organisation) -> str:
    return reverse("organisation", args=[organisation.pk])


ORGANISATIONS = Listing(
    key="organisations",
    title="Organisations",
    noun="organisations",
    empty="No organisation has been written down or imported yet.",
    search=Search(
        label="Name begins with, or claims",
        field="pk",
        keys=organisations_that_begin,
        hint="contoso or 192.0.2.0/24",
    ),
    orders=(
        Order(key="name", label="Name", fields=("folded", "id")),
        Order(key="sector", label="Sector", fields=("sector", "folded", "id"), alone=True),
    ),
    columns=(
        Column(key="name", label="Name", value=str, link=_page, order="name"),
        Column(key="sector", label="Sector", value=lambda row: row.sector, order="sector"),
        Column(key="country", label="Country", value=lambda row: row.country),
        Column(key="region", label="Region", value=lambda row: row.region),
        Column(key="parent", label="Below", value=lambda row: str(row.parent) if row.parent else None),
        Column(key="provenance", label="From", value=lambda row: row.provenance),
        Column(key="id", label="Number", value=lambda row: row.pk, kind="code"),
    ),
    filters=(
        Choice(key="sector", label="Sector", field="sector", choices=sector_choices),
        Exactly(key="country", label="Country", field="country", fold=str.upper, hint="two letters"),
        Exactly(key="region", label="Region", field="region"),
        Flag(key="reached", label="Can be reached", met=Q(Exists(usable_contacts()))),
        Choice(
            key="provenance",
            label="From",
            field="provenance",
            choices=[(word.value, word.value) for word in Provenance],
        ),
        Number(key="parent", label="Below number", field="parent"),
    ),
)
