"""The lists of this app: a slice, what attackers run, and reports about it."""

from __future__ import annotations

from django.urls import reverse

from tocsin.hub.census.search import servers_that_begin
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Day, Exactly
from tocsin.hub.listing.lists import Listing, Search
from tocsin.hub.lists.keyset import Order
from tocsin.hub.relay.models import Entry
from tocsin.hub.rules.relay import RowState, label_of, told_compromise
from tocsin.hub.rules.relay_reports import Recipient, State, Use, disguised
from tocsin.hub.rules.words import Exposure


def _words(kind: type[Exposure | RowState | Recipient | State | Use]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in kind]


def compromise_of(entry: Entry) -> str:
    """What its carrier may read of the compromise axis."""
    return told_compromise(entry.standing.compromise, entry.carrier.terms)


def owner_of(entry: Entry) -> str | None:
    """The owner's name, where its carrier may read it."""
    owner = entry.standing.organisation
    return owner.name if owner and entry.carrier.tells_owner else None


SLICE = Listing(
    key="slice",
    title="Servers in this slice",
    noun="servers",
    empty="Nothing in this scope is open, as far as the census knows.",
    search=Search(
        label="Address or host name begins with",
        field="standing__server",
        keys=servers_that_begin,
        hint="192.0.2. or mail.contoso",
    ),
    orders=(Order(key="added", label="Told since", fields=("-added", "-id")),),
    columns=(
        Column(key="row", label="Row", value=lambda row: row.pk, kind="number"),
        Column(key="ip", label="Address", value=lambda row: row.standing.server.ip, kind="code"),
        Column(key="port", label="Port", value=lambda row: row.standing.server.port),
        Column(key="hostname", label="Name", value=lambda row: row.standing.server.hostname),
        Column(key="owner", label="Owner", value=owner_of),
        Column(key="campaign", label="Campaign", value=lambda row: row.standing.campaign.key),
        Column(key="exposure", label="Exposure", value=lambda row: row.standing.exposure, kind="state"),
        Column(key="compromise", label="Compromise", value=compromise_of, kind="state"),
        Column(key="branch", label="Version", value=lambda row: row.standing.branch),
        Column(key="last_seen", label="Last seen", value=lambda row: row.standing.last_seen, kind="day"),
        Column(key="added", label="Told since", value=lambda row: row.added, kind="day", order="added"),
        Column(key="state", label="Your answer", value=lambda row: row.state, kind="state"),
        Column(key="passed_on", label="Passed on", value=lambda row: row.passed_on, kind="day"),
        Column(key="note", label="Note", value=lambda row: row.note),
        Column(
            key="tlp",
            label="TLP",
            value=lambda row: f"TLP:{label_of(row.standing.compromise, row.carrier.terms).upper()}",
        ),
    ),
    filters=(
        Choice(key="state", label="Answer", field="state", choices=_words(RowState)),
        Choice(key="exposure", label="Exposure", field="standing__exposure", choices=_words(Exposure)),
        Exactly(key="campaign", label="Campaign", field="standing__campaign__key", hint="proxylogon"),
        Day(key="since", label="Told since", field="added"),
    ),
)

INFRASTRUCTURE = Listing(
    key="infrastructure",
    title="What attackers run",
    noun="entries",
    empty="Nothing was written down yet.",
    orders=(Order(key="created", label="Kept", fields=("-created", "-id")),),
    columns=(
        Column(
            key="value",
            label="What",
            value=lambda row: disguised(row.value),
            kind="code",
            link=lambda row: reverse("infrastructure", args=[row.pk]),
        ),
        Column(key="kind", label="Kind", value=lambda row: row.kind),
        Column(key="use", label="Used for", value=lambda row: row.use),
        Column(
            key="campaign", label="Campaign", value=lambda row: row.campaign.key if row.campaign else None
        ),
        Column(key="first_seen", label="First seen", value=lambda row: row.first_seen, kind="day"),
        Column(key="last_seen", label="Last seen", value=lambda row: row.last_seen, kind="day"),
        Column(key="origin", label="From", value=lambda row: row.origin),
        Column(key="created", label="Kept", value=lambda row: row.created, kind="day", order="created"),
    ),
    filters=(
        Choice(key="use", label="Used for", field="use", choices=_words(Use)),
        Exactly(key="host", label="Address or name", field="host", fold=str.lower),
        Exactly(key="campaign", label="Campaign", field="campaign__key"),
    ),
)

REPORTS = Listing(
    key="infrastructure-reports",
    title="Reports of what attackers run",
    noun="reports",
    empty="Nothing was reported yet.",
    sensitive=False,
    orders=(Order(key="created", label="Made", fields=("-created", "-id")),),
    columns=(
        Column(
            key="infrastructure",
            label="What",
            value=lambda row: disguised(row.infrastructure.value),
            kind="code",
            link=lambda row: reverse("infrastructure", args=[row.infrastructure_id]),
        ),
        Column(key="recipient", label="To", value=lambda row: row.recipient),
        Column(key="name", label="Name", value=lambda row: row.name),
        Column(key="address", label="Address", value=lambda row: row.address),
        Column(key="state", label="State", value=lambda row: row.state, kind="state"),
        Column(key="reported", label="Reported", value=lambda row: row.reported, kind="moment"),
        Column(key="acknowledged", label="Acknowledged", value=lambda row: row.acknowledged, kind="moment"),
        Column(key="acted", label="Acted", value=lambda row: row.acted, kind="moment"),
        Column(key="created", label="Made", value=lambda row: row.created, kind="day", order="created"),
    ),
    filters=(
        Choice(key="state", label="State", field="state", choices=_words(State)),
        Choice(key="recipient", label="To", field="recipient", choices=_words(Recipient)),
    ),
)
