"""After claims or sectors changed: whose servers differ now is found, and those servers are folded anew.

Every server is looked at, some thousand at a time, and few differ. How far that is stands in one row
(`models.Matching`), noted after each piece: killed anywhere, the next goes on, and a piece that is done twice
changes nothing. What changes meanwhile begins it again.

A server belongs to whom the claims say on the day on which it was seen last. So the end of a claim takes no
sighting from its owner that was his: servers go when they are seen after it, or now, if they were seen since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from tocsin.hub.census.bulk import writing
from tocsin.hub.census.followers import Follower, followers
from tocsin.hub.census.ingest import CHUNK
from tocsin.hub.census.known import telling_names
from tocsin.hub.census.lease import lease
from tocsin.hub.census.models import Server
from tocsin.hub.census.owners import Ownership
from tocsin.hub.census.settling import plans
from tocsin.hub.constituency.selectors import revision
from tocsin.hub.exposure.models import Matching, Standing

PIECE = 2_000
"""Servers that are looked at before the place is noted."""
PIECES, MOST_FOLDED = 10, 2_000
"""Pieces of one call, and servers that one call folds, about."""
COLUMNS = ("id", "ip", "hostname", "name", "asn", "last_seen", "organisation_id", "owned_by")


class _Server(NamedTuple):
    """One server as its row has it."""

    id: int
    ip: str
    hostname: str
    name: str
    asn: int | None
    last_seen: datetime
    organisation: int | None
    owned_by: str


def rematch() -> bool:
    """Look at some thousand servers, where claims or sectors are not those by which all were matched last.

    Gives whether there was anything to do. Whoever imports matches by what he read when he began: while he
    does, this waits.
    """
    place, now = Matching.objects.get_or_create(pk=1)[0], revision()
    if place.done == now:
        return False
    with lease() as held:
        if held:
            _go_on(place, now)
    return held


def _go_on(place: Matching, now: int) -> None:
    if place.doing != now:
        place.doing, place.until = now, 0
    ownership, following, folded = Ownership(), followers(), 0
    for _ in range(PIECES):
        servers = _servers(place.until)
        if not servers:
            place.done, place.until = now, 0
            place.save()
            break
        differing = list(_differing(servers, ownership))
        _fold(differing, ownership, following)
        place.until, folded = servers[-1].id, folded + len(differing)
        place.save()
        if folded >= MOST_FOLDED:
            break


def _servers(after: int) -> list[_Server]:
    rows = Server.objects.filter(id__gt=after).order_by("id")
    return [_Server(*row) for row in rows.values_list(*COLUMNS)[:PIECE]]


def _differing(servers: Sequence[_Server], ownership: Ownership) -> Iterator[int]:
    """Give servers whose row, or a standing of a campaign that is followed, has another owner or sector."""
    standing = _standing(servers)
    for one in servers:
        names = telling_names(one.name, one.hostname, one.ip)
        owner = ownership.owner(one.ip, one.last_seen.astimezone(UTC).date(), names=names, asn=one.asn)
        moved = (one.organisation, one.owned_by) != (owner.organisation, owner.owned_by)
        if moved or standing[one.id] - {(owner.organisation, owner.sector)}:
            yield one.id


def _standing(servers: Sequence[_Server]) -> dict[int, set[tuple[int | None, str]]]:
    """Give the owners and sectors that servers' standings have."""
    rows = Standing.objects.filter(
        server_id__gte=servers[0].id, server_id__lte=servers[-1].id, campaign__active=True
    )
    found: dict[int, set[tuple[int | None, str]]] = defaultdict(set)
    for server, organisation, sector in rows.values_list("server_id", "organisation_id", "sector"):
        found[server].add((organisation, sector))
    return found


def _fold(servers: Sequence[int], ownership: Ownership, following: Sequence[Follower]) -> None:
    for start in range(0, len(servers), CHUNK):
        writers = plans(servers[start : start + CHUNK], ownership, following)
        with writing():
            for write in writers:
                write()
