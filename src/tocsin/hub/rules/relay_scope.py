"""Which carriers carry a server: networks, autonomous systems, names and lists of organisations.

Unlike ownership, several may: the network's provider, the hoster in it and the firm that looks after the
machine. So everything that fits counts, not the narrowest alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct

from tocsin.hub.rules.words import ClaimKind

ORGANISATION = "organisation"
KINDS = (ClaimKind.CIDR, ClaimKind.ASN, ClaimKind.DOMAIN, ClaimKind.HOST)


class Part(Struct, frozen=True, kw_only=True):
    """One part of a carrier's scope: a claim's kind and value, or an organisation's number."""

    carrier: int
    kind: str
    value: str


class Reaches:
    """All carriers' scopes, ready to be asked. A value that is none is left out."""

    def __init__(self, parts: Iterable[Part]) -> None:
        """Sort parts by kind, networks by length."""
        self._named: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._networks: dict[tuple[int, int], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for part in parts:
            self._sort(part)

    def _sort(self, part: Part) -> None:
        if part.kind != ClaimKind.CIDR:
            self._named[part.kind, part.value].add(part.carrier)
            return
        try:
            network = ip_network(part.value, strict=False)
        except ValueError:
            return
        shift = network.max_prefixlen - network.prefixlen
        self._networks[network.version, shift][int(network.network_address) >> shift].add(part.carrier)

    def carriers(
        self, ip: str, *, names: Sequence[str] = (), asn: int | None = None, owner: int | None = None
    ) -> frozenset[int]:
        """Every carrier in whose scope a server lies."""
        found: set[int] = set(self._of_address(ip))
        found |= self._get(ClaimKind.HOST, ip)
        for name in names:
            found |= self._get(ClaimKind.HOST, name)
            for parent in parents(name):
                found |= self._get(ClaimKind.DOMAIN, parent)
        if asn is not None:
            found |= self._get(ClaimKind.ASN, str(asn))
        if owner is not None:
            found |= self._get(ORGANISATION, str(owner))
        return frozenset(found)

    def _get(self, kind: str, value: str) -> set[int]:
        return self._named.get((kind, value), set())

    def _of_address(self, ip: str) -> set[int]:
        try:
            address = ip_address(ip)
        except ValueError:
            return set()
        found: set[int] = set()
        for (version, shift), table in self._networks.items():
            if version == address.version:
                found |= table.get(int(address) >> shift, set())
        return found


def parents(name: str) -> list[str]:
    """A name and the names above it, the narrowest first, without the top-level one."""
    labels = name.lower().strip(".").split(".")
    return [".".join(labels[at:]) for at in range(len(labels) - 1)]


def networks_around(ip: str) -> list[str]:
    """Every network that holds an address, as claims are written, the narrowest first.

    Raises:
        ValueError: it is no address.
    """
    address = ip_address(ip)
    return [
        ip_network((address, length), strict=False).compressed
        for length in range(address.max_prefixlen, 0, -1)
    ]
