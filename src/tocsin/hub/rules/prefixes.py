"""Whose server is this? The claims of organisations, asked a million times.

Order: a claim of the host itself, then of its domain, then of its network, then of the whole autonomous
system; among networks and domains the longest wins; where two are equally long, a manual claim beats an
imported one, and of two alike the older. A manual claim of a wide network does not beat an imported one of
a narrow network in it: a provider's /16 would swallow its customers. Claims count only between
``valid_from`` and ``valid_until``, both days included.

Networks stand in one dictionary for each length, so a look-up costs one mask and one question per length in
use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from ipaddress import ip_network
from socket import AF_INET, AF_INET6, inet_pton

from msgspec import Struct

from tocsin.hub.rules.identity import address, hostname
from tocsin.hub.rules.words import ClaimKind, Provenance


class OwnerClaim(Struct, frozen=True, kw_only=True):
    """One claim as matching needs it.

    Attributes:
        id: tells claims apart; of two alike the lower wins.
        organisation: whom the server belongs to.
        kind: what is claimed.
        value: the network, domain, host (name or address) or number of the autonomous system.
        provenance: ``manual``, or where it was imported from.
        valid_from: first day, or None.
        valid_until: last day, or None.
    """

    id: int
    organisation: int
    kind: ClaimKind
    value: str
    provenance: Provenance = Provenance.MANUAL
    valid_from: date | None = None
    valid_until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the claim counts on a day."""
        started = self.valid_from is None or self.valid_from <= day
        return started and (self.valid_until is None or day <= self.valid_until)

    @property
    def words(self) -> str:
        """What a page says of it: ``cidr 192.0.2.0/24 (manual)``."""
        return f"{self.kind.value} {self.value} ({self.provenance.value})"


_Group = tuple[OwnerClaim, ...]


class Owners:
    """All claims, ready to be asked."""

    def __init__(self, claims: Iterable[OwnerClaim]) -> None:
        """Sort claims by kind and length; values that are none are left out (`refused` holds them)."""
        self.refused: list[OwnerClaim] = []
        self._exact: dict[str, _Group] = {}
        self._domains: dict[str, _Group] = {}
        self._systems: dict[int, _Group] = {}
        networks: dict[tuple[int, int], dict[int, list[OwnerClaim]]] = defaultdict(lambda: defaultdict(list))
        exact: dict[str, list[OwnerClaim]] = defaultdict(list)
        domains: dict[str, list[OwnerClaim]] = defaultdict(list)
        systems: dict[int, list[OwnerClaim]] = defaultdict(list)
        for claim in claims:
            try:
                self._sort(claim, networks, exact, domains, systems)
            except ValueError:
                self.refused.append(claim)
        self._exact = {name: _ordered(group) for name, group in exact.items()}
        self._domains = {name: _ordered(group) for name, group in domains.items()}
        self._systems = {name: _ordered(group) for name, group in systems.items()}
        self._four = _tables(networks, 4)
        self._six = _tables(networks, 6)

    @staticmethod
    def _sort(
        claim: OwnerClaim,
        networks: dict[tuple[int, int], dict[int, list[OwnerClaim]]],
        exact: dict[str, list[OwnerClaim]],
        domains: dict[str, list[OwnerClaim]],
        systems: dict[int, list[OwnerClaim]],
    ) -> None:
        if claim.kind is ClaimKind.CIDR:
            version, shift, prefix = _network(claim.value)
            networks[version, shift][prefix].append(claim)
        elif claim.kind is ClaimKind.ASN:
            systems[int(claim.value.strip().upper().removeprefix("AS"))].append(claim)
        elif claim.kind is ClaimKind.HOST:
            exact[address(claim.value) or _named(claim.value)].append(claim)
        else:
            domains[_named(claim.value.strip().lstrip("*").lstrip("."))].append(claim)

    def owner(
        self, ip: str, day: date, *, names: Sequence[str] = (), asn: int | None = None
    ) -> OwnerClaim | None:
        """Give the claim that wins for a server on a day, or None.

        Args:
            ip: its address, as `identity.address` gives it.
            day: on which it was seen.
            names: its host names in lower case, without those that a provider gave to the address.
            asn: number of its autonomous system.
        """
        if self._exact:
            for name in (*names, ip):
                found = self._exact.get(name)
                if found and (claim := _valid(found, day)):
                    return claim
        if self._domains and (claim := self._of_domain(names, day)):
            return claim
        return self.network(ip, day) or _valid(self._systems.get(asn or 0, ()), day)

    def network(self, ip: str, day: date) -> OwnerClaim | None:
        """Give the claim of the narrowest network around an address that holds on a day, or None."""
        if ":" in ip:
            value, tables = int.from_bytes(inet_pton(AF_INET6, ip)), self._six
        else:
            value, tables = int.from_bytes(inet_pton(AF_INET, ip)), self._four
        for shift, table in tables:
            found = table.get(value >> shift)
            if found is not None and (claim := _valid(found, day)):
                return claim
        return None

    def _of_domain(self, names: Sequence[str], day: date) -> OwnerClaim | None:
        best: tuple[int, OwnerClaim] | None = None
        for name in names:
            labels = name.split(".")
            for at in range(len(labels) - 1):
                claim = _valid(self._domains.get(".".join(labels[at:]), ()), day)
                if claim:
                    best = max(best or (0, claim), (len(labels) - at, claim), key=lambda pair: pair[0])
                    break
        return best[1] if best else None


@lru_cache(maxsize=1 << 16)
def _network(value: str) -> tuple[int, int, int]:
    """Give a network's version of IP, the bits behind its prefix, and its prefix; claims are read often."""
    network = ip_network(value.strip(), strict=False)
    shift = network.max_prefixlen - network.prefixlen
    return network.version, shift, int(network.network_address) >> shift


def _named(value: str) -> str:
    name = hostname(value)
    if not name:
        raise ValueError(value)
    return name


def _ordered(group: Iterable[OwnerClaim]) -> _Group:
    return tuple(sorted(group, key=lambda claim: (claim.provenance is not Provenance.MANUAL, claim.id)))


def _valid(group: Sequence[OwnerClaim], day: date) -> OwnerClaim | None:
    for claim in group:
        if claim.holds(day):
            return claim
    return None


def _tables(
    networks: dict[tuple[int, int], dict[int, list[OwnerClaim]]], version: int
) -> tuple[tuple[int, dict[int, _Group]], ...]:
    """Give the narrowest networks first."""
    return tuple(
        (shift, {prefix: _ordered(group) for prefix, group in table.items()})
        for (own, shift), table in sorted(networks.items())
        if own == version
    )
