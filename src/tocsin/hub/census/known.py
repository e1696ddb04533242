"""Servers and what was seen of them, in memory: how sightings become observations, and these a server's row.

Everything here is a union or a maximum, so that any order of rows, files and repeats gives the same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec
from msgspec import Struct

from tocsin.hub.rules import days
from tocsin.hub.rules.identity import Marks, hostname, identity, is_pool, is_unique
from tocsin.hub.rules.layouts.sighting import Sighting

_encode = msgspec.json.Encoder(order="sorted").encode

Geo = dict[str, str | int]
LONGEST_CODE = 3
"""Letters of a place that is a code, and no name in capitals."""


class Seen(Struct, kw_only=True):
    """One observation: what one source saw, exactly so, on a set of days."""

    source: int
    content: str
    ip: str
    port: int
    hostname: str
    name: str
    product: str
    build: str
    status: str
    tags: tuple[str, ...]
    method: str
    geo: Geo
    rest: dict[str, str]
    days: int
    first: datetime
    last: datetime

    @property
    def order(self) -> tuple[datetime, str]:
        """The newest last; equal only for the same observation."""
        return (self.last, self.content)

    def join(self, other: Seen) -> None:
        """Add what the same source saw in the same way at other times."""
        mine, theirs = (
            (self.last, _encode([self.geo, self.rest])),
            (other.last, _encode([other.geo, other.rest])),
        )
        if theirs > mine:
            self.geo, self.rest = other.geo, other.rest
        self.days |= other.days
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)


class Known(Struct, frozen=True, kw_only=True):
    """One server as its observations show it; ``id`` is its row's."""

    id: int
    identity: str
    ip: str
    port: int
    hostname: str
    name: str
    asn: int | None
    country: str
    region: str
    city: str
    product: str
    build: str
    first: datetime
    last: datetime
    organisation: int | None = None
    sector: str = "unknown"
    owned_by: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """See `telling_names`."""
        return telling_names(self.name, self.hostname, self.ip)


def telling_names(name: str, host: str, ip: str) -> tuple[str, ...]:
    """Give the names by which a server's owner may be known: none that a provider gave to the address."""
    own, other = hostname(name), hostname(host)
    found = [one for one in (own, other) if one and is_unique(one) and not is_pool(one, ip)]
    return tuple(dict.fromkeys(found))


def identity_of(row: Sighting) -> str:
    """Give the name under which the hub knows the server that a row is about."""
    return identity(Marks(ip=row.ip, port=row.port, name=row.name, fingerprint=row.fingerprint))


class When(Struct, frozen=True, kw_only=True):
    """When a census was taken, and how old its rows may be."""

    taken: datetime
    window_days: int = 0

    def place(self, at: datetime | None) -> tuple[date, datetime] | None:
        """Give the day for which a row counts, and its moment; None for a row from after the census.

        A row of a census without a window counts for the census's day, whatever the hour it was made in;
        one of a census with a window for its own day.
        """
        if at is None:
            return self.taken.date(), self.taken
        if at > self.taken + timedelta(days=2):
            return None
        if not self.window_days or at.date() >= self.taken.date():
            same = at.date() == self.taken.date()
            return self.taken.date(), at if same else self.taken
        oldest = self.taken - timedelta(days=self.window_days)
        return max(at, oldest).date(), max(at, oldest)


def seen(row: Sighting, *, source: int, method: str, when: When) -> Seen | None:
    """Give the observation that a row alone makes; None if it comes from after the census."""
    placed = when.place(row.at)
    if placed is None:
        return None
    day, moment = placed
    told = (row.ip, row.port, row.hostname, row.name, row.product, row.build, row.status, row.tags, method)
    geo: Geo = {"country": row.country, "region": row.region, "city": row.city, "asn": row.asn or 0}
    return Seen(
        source=source,
        content=hashlib.blake2b(_encode(told), digest_size=16).hexdigest(),
        ip=row.ip,
        port=row.port,
        hostname=row.hostname,
        name=row.name,
        product=row.product,
        build=row.build,
        status=row.status,
        tags=row.tags,
        method=method,
        geo={name: value for name, value in geo.items() if value},
        rest={**row.rest, "certificate": row.fingerprint} if row.fingerprint else row.rest,
        days=1 << days.number(day),
        first=moment,
        last=moment,
    )


def spelt(name: str) -> str:
    """Give a place's name in one way: some sources write all of them in capitals. Codes such as NSW stay.

    Observations keep what their source wrote.
    """
    return name.title() if name.isupper() and len(name) > LONGEST_CODE else name


def known(server: int, name: str, observations: Iterable[Seen]) -> Known:
    """Give the server that observations show: of each value, the newest that is not empty."""
    ordered = sorted(observations, key=lambda one: one.order, reverse=True)
    newest = ordered[0]
    geo: Geo = {}
    for one in ordered:
        geo = {**one.geo, **geo}
    asn = geo.get("asn")
    return Known(
        id=server,
        identity=name,
        ip=newest.ip,
        port=newest.port,
        hostname=next((one.hostname for one in ordered if one.hostname), ""),
        name=next((one.name for one in ordered if one.name), ""),
        asn=asn if isinstance(asn, int) else None,
        country=str(geo.get("country", "")),
        region=spelt(str(geo.get("region", ""))),
        city=spelt(str(geo.get("city", ""))),
        product=next((one.product for one in ordered if one.product), ""),
        build=next((one.build for one in ordered if one.build), ""),
        first=min(one.first for one in ordered),
        last=newest.last,
    )
