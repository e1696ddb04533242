"""Servers and observations between database and memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tocsin.hub.census.bulk import Table, Write
from tocsin.hub.census.known import Known, Seen
from tocsin.hub.census.models import Observation, Server
from tocsin.hub.rules import days

SERVER_COLUMNS = (
    "identity",
    "ip",
    "port",
    "hostname",
    "name",
    "asn",
    "country",
    "region",
    "city",
    "product",
    "build",
    "first_seen",
    "last_seen",
    "organisation",
    "owned_by",
)
OBSERVATION_COLUMNS = (
    "server",
    "source",
    "content",
    "ip",
    "port",
    "hostname",
    "name",
    "product",
    "build",
    "status",
    "tags",
    "method",
    "geo",
    "rest",
    "days",
    "first_seen",
    "last_seen",
    "count",
)
_CHANGING = ("geo", "rest", "days", "first_seen", "last_seen", "count")
_READ = OBSERVATION_COLUMNS[:-1]

Sightings = Mapping[int, Sequence[Seen]]


def ids_of(identities: Iterable[str]) -> dict[str, int]:
    """Give the rows' ids of servers that the hub knows, by identity."""
    return dict(Server.objects.filter(identity__in=list(identities)).values_list("identity", "id"))


def observations_of(servers: Iterable[int]) -> dict[int, list[Seen]]:
    """Give everything that was ever seen of servers, by the server's id."""
    found: dict[int, list[Seen]] = defaultdict(list)
    for row in Table(Observation, _READ).read("server_id", servers):
        found[row[0]].append(_seen(row))
    return found


def _seen(row: Sequence[object]) -> Seen:
    (
        _,
        source,
        content,
        ip,
        port,
        host,
        name,
        product,
        build,
        status,
        tags,
        method,
        geo,
        rest,
        packed,
        first,
        last,
    ) = row
    return Seen(
        source=source,  # type: ignore[arg-type]  # values_list of these very fields
        content=content,  # type: ignore[arg-type]  # as above
        ip=str(ip),
        port=port,  # type: ignore[arg-type]  # as above
        hostname=host,  # type: ignore[arg-type]  # as above
        name=name,  # type: ignore[arg-type]  # as above
        product=product,  # type: ignore[arg-type]  # as above
        build=build,  # type: ignore[arg-type]  # as above
        status=status,  # type: ignore[arg-type]  # as above
        tags=tuple(tags),  # type: ignore[arg-type]  # as above
        method=method,  # type: ignore[arg-type]  # as above
        geo=geo,  # type: ignore[arg-type]  # as above
        rest=rest,  # type: ignore[arg-type]  # as above
        days=days.unpack(packed),  # type: ignore[arg-type]  # as above
        first=first,  # type: ignore[arg-type]  # as above
        last=last,  # type: ignore[arg-type]  # as above
    )


class Named(NamedTuple):
    """What a server's row holds that no sighting tells."""

    identity: str
    organisation: int | None
    owned_by: str


def rows_of(servers: Iterable[int]) -> dict[int, Named]:
    """Give servers' identities and owners as they are stored, by id."""
    columns = ("id", "identity", "organisation", "owned_by")
    return {row[0]: Named(*row[1:]) for row in Table(Server, columns).read("id", servers)}


def write_servers(servers: Iterable[Known]) -> Write:
    """Give what writes servers over their rows."""
    rows = (
        (
            one.identity,
            one.ip,
            one.port,
            one.hostname,
            one.name,
            one.asn,
            one.country,
            one.region,
            one.city,
            one.product,
            one.build,
            one.first,
            one.last,
            one.organisation,
            one.owned_by,
        )
        for one in servers
    )
    return Table(Server, SERVER_COLUMNS).upsert(rows, unique=("identity",), update=SERVER_COLUMNS[1:])


def write_observations(sightings: Mapping[int, Iterable[Seen]]) -> Write:
    """Give what writes observations over their rows."""
    rows = (
        (
            server,
            one.source,
            one.content,
            one.ip,
            one.port,
            one.hostname,
            one.name,
            one.product,
            one.build,
            one.status,
            list(one.tags),
            one.method,
            one.geo,
            one.rest,
            days.pack(one.days),
            one.first,
            one.last,
            one.days.bit_count(),
        )
        for server, group in sightings.items()
        for one in group
    )
    table = Table(Observation, OBSERVATION_COLUMNS)
    return table.upsert(rows, unique=("server", "source", "content"), update=_CHANGING)
