"""Whom a notice could go to: contacts of the organisation, of those around or above it, and of CERTs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.constituency.selectors import valid_claims
from tocsin.hub.rules.ladder import Candidate, Standing
from tocsin.hub.rules.ladder_around import Around
from tocsin.hub.rules.notices import Seen
from tocsin.hub.rules.prefixes import OwnerClaim
from tocsin.hub.rules.words import Channel, ClaimKind

NATIONAL = "national-cert-"
"""An organisation with this and a country as its foreign id is the CERT of last resort of that country."""
DEEPEST = 5


class Neighbours:
    """Who stands around or above whom, as claims and parents stand when this is made."""

    def __init__(self, day: date, asked: Iterable[int]) -> None:
        """Read who claims networks, the national CERTs, and who stands above those ``asked`` about."""
        kinds = (ClaimKind.CIDR, ClaimKind.ASN)
        rows = valid_claims(day).filter(kind__in=kinds).values_list("id", "organisation_id", "kind", "value")
        self._around = Around(
            OwnerClaim(id=number, organisation=owner, kind=ClaimKind(kind), value=value)
            for number, owner, kind, value in rows.iterator(chunk_size=5_000)
        )
        certs = Organisation.objects.filter(foreign_id__istartswith=NATIONAL)
        self._national = {
            str(foreign)[len(NATIONAL) :].upper(): number
            for foreign, number in certs.values_list("foreign_id", "pk")
        }
        self._above = _parents(set(asked))

    def of(
        self, organisation: Organisation, servers: Iterable[tuple[str, int | None]]
    ) -> list[tuple[int, Standing]]:
        """Those around its servers (address, system) and above it, then the CERT; the nearest first."""
        found: dict[int, Standing] = {}
        for ip, asn in servers:
            for holder in self._around.holders(ip, asn, but=organisation.pk):
                found.setdefault(holder, Standing.PROVIDER)
        above = organisation.parent_id
        for _ in range(DEEPEST):
            if above is None:
                break
            found.setdefault(above, Standing.PROVIDER)
            above = self._above.get(above)
        cert = self._national.get(organisation.country.upper())
        if cert is not None and cert not in found:
            found[cert] = Standing.NATIONAL
        found.pop(organisation.pk, None)
        return list(found.items())


def _parents(asked: set[int]) -> dict[int, int | None]:
    """By organisation the one above it, for those asked about and all above them: one query for each step."""
    found: dict[int, int | None] = {}
    for _ in range(DEEPEST + 1):
        rows = Organisation.objects.filter(pk__in=asked - set(found))
        found |= dict(rows.values_list("pk", "parent_id"))
        asked = {above for above in found.values() if above is not None}
    return found


def candidates(
    around: Mapping[int, Sequence[tuple[int, Standing]]],
) -> dict[int, list[Candidate]]:
    """By organisation, everybody who might be told; ``around`` names those around each."""
    wanted = {number for others in around.values() for number, _ in others} | set(around)
    contacts: dict[int, list[Contact]] = defaultdict(list)
    for row in Contact.objects.filter(organisation_id__in=wanted).order_by("id"):
        contacts[row.organisation_id].append(row)
    return {
        number: [
            *(_candidate(row, Standing.OWN, 0) for row in contacts[number]),
            *(
                _candidate(row, whose, near)
                for near, (other, whose) in enumerate(others)
                for row in contacts[other]
            ),
        ]
        for number, others in around.items()
    }


def _candidate(row: Contact, whose: Standing, near: int) -> Candidate:
    return Candidate(
        contact=row.pk,
        organisation=row.organisation_id,
        channel=Channel(row.channel),
        address=row.value,
        language=row.language,
        role=row.role,
        provenance=row.provenance,
        verified=row.verified,
        opted_out=row.opted_out is not None,
        bounce=row.bounce,
        whose=whose,
        near=near,
    )


def places(servers: Iterable[tuple[Seen, int | None]]) -> list[tuple[str, int | None]]:
    """Addresses and systems of servers, each pair once."""
    return list(dict.fromkeys((seen.ip, asn) for seen, asn in servers))
