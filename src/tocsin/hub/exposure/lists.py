"""The list of a campaign's servers: both axes, and whose they are."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse

from tocsin.hub.census.search import servers_that_begin
from tocsin.hub.exposure.models import Standing
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Day, Exactly, Flag, Number
from tocsin.hub.listing.lists import Listing, Search
from tocsin.hub.lists.keyset import Order
from tocsin.hub.rules.sectors import sectors
from tocsin.hub.rules.words import Compromise, Exposure


def _server(standing: Standing) -> str:
    return reverse("server", args=[standing.server_id])


def _sectors() -> list[tuple[str, str]]:
    return [(sector.id, sector.name) for sector in sectors().values()]


def _words(kind: type[Exposure | Compromise]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in kind]


STANDINGS = Listing(
    key="standings",
    title="Servers",
    noun="servers",
    empty="No census has shown a server of this campaign yet.",
    search=Search(
        label="Address or host name begins with",
        field="server",
        keys=servers_that_begin,
        hint="192.0.2. or mail.contoso",
    ),
    orders=(Order(key="last_seen", label="Last seen", fields=("-last_seen", "-id")),),
    columns=(
        Column(key="server", label="Server", value=lambda row: str(row.server), link=_server),
        Column(key="ip", label="Address", value=lambda row: row.server.ip, kind="code"),
        Column(
            key="organisation",
            label="Owner",
            value=lambda row: str(row.organisation) if row.organisation else None,
        ),
        Column(key="sector", label="Sector", value=lambda row: row.sector),
        Column(key="exposure", label="Exposure", value=lambda row: row.exposure, kind="state"),
        Column(key="compromise", label="Compromise", value=lambda row: row.compromise, kind="state"),
        Column(key="since", label="Since", value=lambda row: row.since, kind="day"),
        Column(key="branch", label="Version", value=lambda row: row.branch),
        Column(
            key="last_seen", label="Last seen", value=lambda row: row.last_seen, kind="day", order="last_seen"
        ),
    ),
    filters=(
        Choice(key="exposure", label="Exposure", field="exposure", choices=_words(Exposure)),
        Choice(key="compromise", label="Compromise", field="compromise", choices=_words(Compromise)),
        Choice(key="sector", label="Sector", field="sector", choices=_sectors),
        Exactly(key="country", label="Country", field="country", fold=str.upper, hint="two letters"),
        Number(key="organisation", label="Owner's number", field="organisation"),
        Flag(key="shell", label="Web shell seen", met=Q(shell_seen__isnull=False)),
        Flag(key="contradictory", label="Sources disagree", met=Q(contradictory=True)),
        Flag(key="reopened", label="Came back", met=Q(reopened__gt=0)),
        Day(key="since", label="Last seen since", field="last_seen"),
        Day(key="until", label="Last seen until", field="last_seen", until=True),
    ),
)
