"""Lists of notices, batches and gaps."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse

from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Day, Exactly, Flag, Number
from tocsin.hub.listing.lists import Listing
from tocsin.hub.lists.keyset import Order
from tocsin.hub.notices.models import Batch, Gap, Notice
from tocsin.hub.rules.ladder import Rung
from tocsin.hub.rules.notices import BatchState, Kind, State, read_reference
from tocsin.hub.rules.secrecy import Say


def _notice(row: Notice) -> str:
    return reverse("notice", args=[row.pk])


def _batch(row: Batch) -> str:
    return reverse("batch", args=[row.pk])


def _batch_of(row: Notice | Gap) -> str:
    return reverse("batch", args=[row.batch_id])


def _owner(row: Notice | Gap) -> str | None:
    return reverse("organisation", args=[row.organisation_id]) if row.organisation_id else None


NOTICES = Listing(
    key="notices",
    title="Notices",
    noun="notices",
    empty="No notice has been planned yet.",
    orders=(Order(key="created", label="Planned", fields=("-created", "-id")),),
    columns=(
        Column(
            key="reference", label="Reference", value=lambda row: row.reference, kind="code", link=_notice
        ),
        Column(key="organisation", label="Owner", value=lambda row: str(row.organisation), link=_owner),
        Column(key="campaign", label="Campaign", value=lambda row: str(row.campaign)),
        Column(key="kind", label="About", value=lambda row: row.kind),
        Column(key="state", label="State", value=lambda row: row.state, kind="state"),
        Column(key="say", label="First message says", value=lambda row: row.say),
        Column(key="told", label="Told", value=lambda row: row.told, kind="day"),
        Column(key="answer", label="Answer", value=lambda row: row.answer),
        Column(key="reminded", label="Reminders", value=lambda row: min(row.reminded, 9), kind="number"),
    ),
    filters=(
        Choice(key="state", label="State", field="state", choices=[(one.value, one.value) for one in State]),
        Choice(key="kind", label="About", field="kind", choices=[(one.value, one.value) for one in Kind]),
        Exactly(key="reference", label="Reference", field="reference", fold=read_reference, hint="T-7K3M-…"),
        Exactly(key="campaign", label="Campaign", field="campaign__key", hint="proxylogon"),
        Number(key="batch", label="Batch", field="batch"),
        Number(key="organisation", label="Owner's number", field="organisation"),
        Choice(key="rung", label="Contact", field="rung", choices=[(one.value, one.value) for one in Rung]),
        Choice(key="say", label="Says", field="say", choices=[(one.value, one.value) for one in Say]),
        Flag(key="detailed", label="Somebody is told the details", met=Q(detailed=True)),
        Day(key="since", label="Planned since", field="created"),
        Day(key="until", label="Planned until", field="created", until=True),
    ),
)
BATCHES = Listing(
    key="batches",
    title="Batches of notices",
    noun="batches",
    sensitive=False,
    empty="No batch has been made yet.",
    orders=(Order(key="created", label="Made", fields=("-created", "-id")),),
    columns=(
        Column(key="id", label="Batch", value=str, link=_batch),
        Column(key="state", label="State", value=lambda row: row.state, kind="state"),
        Column(key="notices", label="Notices", value=lambda row: row.counts.get("notices"), kind="number"),
        Column(key="gaps", label="Gaps", value=lambda row: row.counts.get("gaps"), kind="number"),
        Column(key="by", label="Made by", value=lambda row: str(row.by)),
        Column(
            key="approved_by",
            label="Approved by",
            value=lambda row: str(row.approved_by) if row.approved_by else None,
        ),
        Column(key="created", label="Made", value=lambda row: row.created, kind="moment", order="created"),
    ),
    filters=(
        Choice(
            key="state", label="State", field="state", choices=[(one.value, one.value) for one in BatchState]
        ),
        Choice(key="kind", label="About", field="kind", choices=[(one.value, one.value) for one in Kind]),
        Exactly(key="campaign", label="Campaign", field="campaign__key", hint="proxylogon"),
    ),
)
GAPS = Listing(
    key="notice-gaps",
    title="Who could not be told",
    noun="gaps",
    empty="Everybody could be told.",
    orders=(Order(key="id", label="Number", fields=("-id",)),),
    columns=(
        Column(
            key="organisation",
            label="Owner",
            value=lambda row: str(row.organisation) if row.organisation else "nobody known",
            link=_owner,
        ),
        Column(key="servers", label="Servers", value=lambda row: row.servers, kind="number"),
        Column(key="reason", label="Why", value=lambda row: row.reason),
        Column(key="batch", label="Batch", value=lambda row: str(row.batch), link=_batch_of),
    ),
    filters=(
        Number(key="batch", label="Batch", field="batch"),
        Number(key="organisation", label="Owner's number", field="organisation"),
        Exactly(key="sector", label="Sector", field="organisation__sector", hint="health"),
    ),
)
