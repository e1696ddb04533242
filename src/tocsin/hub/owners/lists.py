"""The lists of hand-ins, of owners' answers and of their links."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse

from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Day, Flag, Number
from tocsin.hub.listing.lists import Listing
from tocsin.hub.lists.keyset import Order
from tocsin.hub.rules.handins import Form, State
from tocsin.hub.rules.links import Answered, Purpose
from tocsin.hub.rules.words import Grade


def _words(kind: Any) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in kind]


def _link(row: Any) -> str:
    return reverse("owner-link", args=[row.pk])


def _link_of(row: Any) -> str:
    return reverse("owner-link", args=[row.link_id])


def _hand_in(row: Any) -> str:
    return reverse("hand-in", args=[row.pk])


HAND_INS = Listing(
    key="hand-ins",
    title="Hand-ins",
    noun="hand-ins",
    empty="No owner has handed anything in yet.",
    orders=(Order(key="received", label="Received", fields=("-received", "-id")),),
    columns=(
        Column(key="id", label="Number", value=lambda row: f"No. {row.pk}", link=_hand_in),
        Column(key="server", label="Server", value=lambda row: str(row.server)),
        Column(
            key="organisation",
            label="Owner",
            value=lambda row: str(row.organisation) if row.organisation else None,
        ),
        Column(key="campaign", label="Campaign", value=lambda row: str(row.campaign)),
        Column(key="form", label="What", value=lambda row: row.form),
        Column(key="state", label="State", value=lambda row: row.state, kind="word"),
        Column(key="grade", label="Grade", value=lambda row: row.grade),
        Column(key="compromise", label="Says", value=lambda row: row.compromise or row.residual),
        Column(key="collected", label="Shows until", value=lambda row: row.collected, kind="moment"),
        Column(
            key="received", label="Received", value=lambda row: row.received, kind="moment", order="received"
        ),
    ),
    filters=(
        Choice(key="state", label="State", field="state", choices=_words(State)),
        Choice(key="form", label="What", field="form", choices=_words(Form)),
        Choice(key="grade", label="Grade", field="grade", choices=_words(Grade)),
        Number(key="server", label="Server's number", field="server"),
        Number(key="organisation", label="Owner's number", field="organisation"),
        Day(key="since", label="Received since", field="received"),
        Day(key="until", label="Received until", field="received", until=True),
    ),
)

ANSWERS = Listing(
    key="owner-answers",
    title="Answers of owners",
    noun="answers",
    empty="No owner has answered yet.",
    orders=(Order(key="at", label="When", fields=("-at", "-id")),),
    columns=(
        Column(key="at", label="When", value=lambda row: row.at, kind="moment", order="at"),
        Column(
            key="organisation", label="Owner", value=lambda row: str(row.link.organisation), link=_link_of
        ),
        Column(key="campaign", label="Campaign", value=lambda row: str(row.link.campaign)),
        Column(key="kind", label="Answer", value=lambda row: row.kind),
        Column(key="server", label="Server", value=lambda row: str(row.server) if row.server else None),
        Column(key="text", label="In their words", value=lambda row: row.text),
        Column(key="channel", label="Proposed channel", value=lambda row: row.channel),
        Column(key="value", label="Proposed contact", value=lambda row: row.value),
        Column(key="handled", label="Handled", value=lambda row: row.handled, kind="moment"),
    ),
    filters=(
        Choice(key="kind", label="Answer", field="kind", choices=_words(Answered)),
        Flag(key="handled", label="Handled", met=Q(handled__isnull=False)),
        Number(key="organisation", label="Owner's number", field="link__organisation"),
        Day(key="since", label="Since", field="at"),
        Day(key="until", label="Until", field="at", until=True),
    ),
)

LINKS = Listing(
    key="owner-links",
    title="Links for owners",
    noun="links",
    empty="No owner was given a link yet.",
    orders=(Order(key="created", label="Given", fields=("-created", "-id")),),
    columns=(
        Column(key="id", label="Number", value=lambda row: f"No. {row.pk}", link=_link),
        Column(key="created", label="Given", value=lambda row: row.created, kind="day", order="created"),
        Column(key="organisation", label="Owner", value=lambda row: str(row.organisation)),
        Column(key="campaign", label="Campaign", value=lambda row: str(row.campaign)),
        Column(key="purpose", label="For", value=lambda row: row.purpose),
        Column(key="stand", label="Stands", value=lambda row: row.stand.value),
        Column(key="opened", label="First opened", value=lambda row: row.opened, kind="moment"),
        Column(key="expires", label="Ends", value=lambda row: row.expires, kind="day"),
    ),
    filters=(
        Choice(key="purpose", label="For", field="purpose", choices=_words(Purpose)),
        Flag(key="opened", label="Opened", met=Q(opened__isnull=False)),
        Flag(key="withdrawn", label="Withdrawn", met=Q(withdrawn__isnull=False)),
        Number(key="organisation", label="Owner's number", field="organisation"),
    ),
)
