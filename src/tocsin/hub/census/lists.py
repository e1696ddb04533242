"""The lists of the census: servers, snapshots."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse

from tocsin.hub.census.models import CensusSource, Server, Snapshot
from tocsin.hub.census.search import servers_that_begin
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Day, Exactly, Flag, Number
from tocsin.hub.listing.lists import Listing, Search
from tocsin.hub.lists.keyset import Order

SEARCH = Search(
    label="Address or host name begins with",
    field="pk",
    keys=servers_that_begin,
    hint="192.0.2. or mail.contoso",
)


def _address(server: Server) -> str:
    return reverse("server", args=[server.pk])


def _owner(server: Server) -> str | None:
    return str(server.organisation) if server.organisation else None


SERVERS = Listing(
    key="servers",
    title="Servers",
    noun="servers",
    empty="No census has been taken in yet.",
    search=SEARCH,
    orders=(
        Order(key="last_seen", label="Last seen", fields=("-last_seen", "-id")),
        Order(key="host", label="Host name", fields=("hostname", "id"), alone=True),
        Order(key="address", label="Address", fields=("ip", "id"), alone=True),
    ),
    columns=(
        Column(key="server", label="Server", value=str, link=_address, order="host"),
        Column(key="ip", label="Address", value=lambda row: row.ip, kind="code", order="address"),
        Column(key="port", label="Port", value=lambda row: row.port, kind="number"),
        Column(key="organisation", label="Owner", value=_owner),
        Column(key="country", label="Country", value=lambda row: row.country),
        Column(key="build", label="Build", value=lambda row: row.build, kind="code"),
        Column(key="first_seen", label="First seen", value=lambda row: row.first_seen, kind="day"),
        Column(
            key="last_seen", label="Last seen", value=lambda row: row.last_seen, kind="day", order="last_seen"
        ),
    ),
    filters=(
        Flag(key="owned", label="Owner known", met=Q(organisation__isnull=False)),
        Exactly(key="country", label="Country", field="country", fold=str.upper, hint="two letters"),
        Number(key="asn", label="Network (ASN)", field="asn", hint="AS64496"),
        Day(key="since", label="Last seen since", field="last_seen"),
        Day(key="until", label="Last seen until", field="last_seen", until=True),
    ),
)


def _sources() -> list[tuple[str, str]]:
    return [(str(source.pk), source.name) for source in CensusSource.objects.order_by("name")]


def _snapshot(snapshot: Snapshot) -> str:
    return reverse("snapshot", args=[snapshot.pk])


SNAPSHOTS = Listing(
    key="snapshots",
    title="Snapshots",
    noun="snapshots",
    empty="No census has been taken in yet.",
    sensitive=False,
    orders=(Order(key="taken", label="Taken", fields=("-taken", "-id")),),
    columns=(
        Column(key="taken", label="Taken", value=lambda row: row.taken, kind="moment", order="taken"),
        Column(key="source", label="Source", value=lambda row: row.source.name),
        Column(key="filename", label="File", value=lambda row: row.filename, link=_snapshot),
        Column(key="layout", label="Layout", value=lambda row: row.layout),
        Column(key="method", label="Method", value=lambda row: row.method),
        Column(key="state", label="State", value=lambda row: row.state, kind="state"),
        Column(key="rows", label="Rows", value=lambda row: row.rows, kind="number"),
        Column(key="refused", label="Refused", value=lambda row: row.refused, kind="number"),
    ),
    filters=(
        Choice(key="source", label="Source", field="source", choices=_sources),
        Choice(key="state", label="State", field="state", choices=Snapshot.STATES),
        Day(key="since", label="Taken since", field="taken"),
        Day(key="until", label="Taken until", field="taken", until=True),
    ),
)
