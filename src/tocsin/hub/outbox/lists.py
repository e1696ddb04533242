"""The list of messages."""

from __future__ import annotations

from django.urls import reverse

from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Exactly, Number
from tocsin.hub.listing.lists import Listing
from tocsin.hub.lists.keyset import Order
from tocsin.hub.outbox.models import Message
from tocsin.hub.rules.mail import Purpose, State
from tocsin.hub.rules.words import Channel


def _page(row: Message) -> str:
    return reverse("message", args=[row.pk])


def _owner(row: Message) -> str | None:
    return str(row.organisation) if row.organisation else None


def _owner_page(row: Message) -> str | None:
    return reverse("organisation", args=[row.organisation_id]) if row.organisation_id else None


MESSAGES = Listing(
    key="messages",
    title="Outbox",
    noun="messages",
    empty="Nothing has been written yet.",
    orders=(Order(key="number", label="Queued", fields=("-id",)),),
    columns=(
        Column(key="subject", label="Subject", value=lambda row: row.subject, link=_page),
        Column(key="address", label="To", value=lambda row: row.address),
        Column(key="organisation", label="Organisation", value=_owner, link=_owner_page),
        Column(key="channel", label="Channel", value=lambda row: row.channel),
        Column(key="purpose", label="Purpose", value=lambda row: row.purpose),
        Column(key="state", label="State", value=lambda row: row.state, kind="state"),
        Column(key="created", label="Queued", value=lambda row: row.created, kind="moment", order="number"),
        Column(key="sent", label="Sent", value=lambda row: row.sent, kind="moment"),
        Column(key="fault", label="What went wrong", value=lambda row: row.fault),
    ),
    filters=(
        Choice(key="state", label="State", field="state", choices=[(one.value, one.value) for one in State]),
        Choice(
            key="channel",
            label="Channel",
            field="channel",
            choices=[(one.value, one.value) for one in Channel],
        ),
        Choice(
            key="purpose",
            label="Purpose",
            field="purpose",
            choices=[(one.value, one.value) for one in Purpose],
        ),
        Exactly(key="address", label="Address", field="address", hint="security@contoso.example"),
        Number(key="organisation", label="Organisation's number", field="organisation"),
    ),
)
