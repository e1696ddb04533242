"""Whose servers they are: claims out of the database, and the rule that chooses among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from tocsin.hub.census.known import Known
from tocsin.hub.constituency.models import Claim, Organisation
from tocsin.hub.rules.prefixes import OwnerClaim, Owners
from tocsin.hub.rules.words import ClaimKind, Provenance


class Owner(NamedTuple):
    """Whose a server is: nobody's, of an unknown sector, where no claim holds."""

    organisation: int | None = None
    sector: str = "unknown"
    owned_by: str = ""


class Ownership:
    """All claims and sectors as they stood when this was made."""

    def __init__(self) -> None:
        """Read them."""
        columns = ("id", "organisation_id", "kind", "value", "provenance", "valid_from", "valid_until")
        claims = Claim.objects.values_list(*columns).iterator(chunk_size=5_000)
        self.owners = Owners(
            OwnerClaim(
                id=number,
                organisation=organisation,
                kind=ClaimKind(kind),
                value=value,
                provenance=Provenance(provenance),
                valid_from=start,
                valid_until=end,
            )
            for number, organisation, kind, value, provenance, start, end in claims
        )
        self.sectors = dict(Organisation.objects.values_list("id", "sector"))

    def owned(self, servers: Iterable[Known]) -> list[Known]:
        """Give servers with their owners, as of the day on which each was last seen."""
        return [self._owned(server) for server in servers]

    def owner(self, ip: str, day: date, *, names: Sequence[str], asn: int | None) -> Owner:
        """Give whose a server is that was seen on a day."""
        claim = self.owners.owner(ip, day, names=names, asn=asn)
        if claim is None:
            return Owner()
        return Owner(claim.organisation, self.sectors.get(claim.organisation, "unknown"), claim.words)

    def _owned(self, server: Known) -> Known:
        found = self.owner(server.ip, server.last.date(), names=server.names, asn=server.asn)
        return msgspec.structs.replace(server, **found._asdict())
