"""The lists of advisories and of subscribers."""

from __future__ import annotations

from django.urls import reverse

from tocsin.hub.advisories.models import Advisory, Subscriber
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Exactly
from tocsin.hub.listing.lists import Listing
from tocsin.hub.lists.keyset import Order
from tocsin.hub.rules.advisory import State
from tocsin.hub.rules.tlp import LABELS, Tlp


def _page(row: Advisory) -> str:
    return reverse("advisory", args=[row.slug])


def _mark(text: str) -> str | None:
    return LABELS[Tlp(text)] if text else None


ADVISORIES = Listing(
    key="advisories",
    title="Advisories",
    noun="advisories",
    sensitive=False,
    empty="No advisory has been written yet.",
    orders=(Order(key="changed", label="Last changed", fields=("-changed", "-id")),),
    columns=(
        Column(key="number", label="Number", value=lambda row: row.number, kind="code", link=_page),
        Column(key="title", label="Title", value=lambda row: row.title, link=_page),
        Column(key="state", label="State", value=lambda row: row.state, kind="word"),
        Column(key="tlp", label="Draft's mark", value=lambda row: _mark(row.tlp)),
        Column(key="version", label="Version", value=lambda row: row.version or None, kind="number"),
        Column(key="published_tlp", label="Published as", value=lambda row: _mark(row.published_tlp)),
        Column(key="published", label="Published", value=lambda row: row.published, kind="moment"),
        Column(
            key="changed", label="Last changed", value=lambda row: row.changed, kind="moment", order="changed"
        ),
    ),
    filters=(
        Choice(
            key="state", label="State", field="state", choices=[(word.value, word.value) for word in State]
        ),
    ),
)

SUBSCRIBERS = Listing(
    key="subscribers",
    title="Subscribers",
    noun="addresses",
    empty="Nobody gets advisories by mail yet.",
    orders=(Order(key="id", label="First asked", fields=("-id",)),),
    columns=(
        Column(
            key="address",
            label="Address",
            value=lambda row: row.address,
            link=lambda row: reverse("subscriber", args=[row.pk]),
        ),
        Column(key="state", label="State", value=lambda row: row.state, kind="word"),
        Column(key="community", label="May get TLP:GREEN", value=lambda row: row.community, kind="flag"),
        Column(key="asked", label="Asked", value=lambda row: row.asked, kind="moment"),
        Column(key="confirmed", label="Confirmed", value=lambda row: row.confirmed, kind="moment"),
    ),
    filters=(
        Choice(
            key="state",
            label="State",
            field="state",
            choices=[(word, word) for word in (Subscriber.WAITING, Subscriber.CONFIRMED)],
        ),
        Exactly(key="address", label="Address", field="address", fold=str.lower, hint="whole"),
    ),
)
