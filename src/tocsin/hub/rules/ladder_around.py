"""Who holds the network around an address: the claims of others, from the narrowest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from tocsin.hub.rules.prefixes import OwnerClaim
from tocsin.hub.rules.words import ClaimKind

NEAREST = 3
"""Holders that are asked for at most."""


class Around:
    """Networks and autonomous systems that are claimed, ready to be asked."""

    def __init__(self, claims: Iterable[OwnerClaim]) -> None:
        """Sort claims by length; what is no network or number is left out."""
        self._networks: dict[tuple[int, int], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._systems: dict[int, list[int]] = defaultdict(list)
        for claim in claims:
            self._keep(claim)
        self._lengths = sorted(self._networks, key=lambda pair: pair[1])

    def _keep(self, claim: OwnerClaim) -> None:
        try:
            if claim.kind is ClaimKind.CIDR:
                network = ip_network(claim.value, strict=False)
                shift = network.max_prefixlen - network.prefixlen
                table = self._networks[network.version, shift]
                table[int(network.network_address) >> shift].append(claim.organisation)
            elif claim.kind is ClaimKind.ASN:
                self._systems[int(claim.value)].append(claim.organisation)
        except ValueError:
            return

    def holders(self, ip: str, asn: int | None, *, but: int) -> list[int]:
        """Organisations other than ``but`` that claim a network around an address, the narrowest first."""
        address = ip_address(ip)
        found: dict[int, None] = {}
        for version, shift in self._lengths:
            if version == address.version:
                found |= dict.fromkeys(self._networks[version, shift].get(int(address) >> shift, ()))
        found |= dict.fromkeys(self._systems.get(asn or 0, ()))
        found.pop(but, None)
        return list(found)[:NEAREST]
