"""Which organisation of the hub does a file mean? Asked once for each organisation that the file lists.

In this order: the one that an earlier file of the same source called by the same identity; the only one of
that name and place that no file has called anything; the only one of another source that claims the same
domain. What several could be is joined with none, and said so: a wrong join sends one victim's notice to
another, a missing one is a line on the page of imports.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tocsin.hub.constituency.models import Claim, Organisation
from tocsin.hub.rules.imports import Listed, Listing, Refusal
from tocsin.hub.rules.words import Channel, ClaimKind, ContactRole

LONGEST = 200
SPEAKS = frozenset({ContactRole.NOTIFICATIONS.value, ContactRole.ADMINISTRATIVE.value})
"""Contacts whose mail domain is the owner's; abuse and technical ones are often a provider's."""


class Meant(msgspec.Struct, kw_only=True):
    """Organisations by the file's identities; ``joined`` are the identities found by a domain alone."""

    known: dict[str, Organisation] = msgspec.field(default_factory=dict)
    joined: set[str] = msgspec.field(default_factory=set)


def meant(listing: Listing) -> Meant:
    """Find the organisations that a listing means; what is ambiguous becomes a refusal of the listing."""
    found = Meant()
    ours = {row.foreign_id: row for row in Organisation.objects.exclude(foreign_id=None)}
    strangers: dict[str, list[Organisation]] = defaultdict(list)
    for row in Organisation.objects.filter(foreign_id=None):
        strangers[row.folded].append(row)
    for identity, listed in listing.organisations.items():
        known = ours.get(foreign(listing, identity)) or _namesake(strangers, listed)
        if known is not None:
            found.known[identity] = known
    _join(listing, found)
    return found


def foreign(listing: Listing, identity: str) -> str:
    """How the hub remembers an organisation of a file: source and identity; a digest where that is long."""
    text = f"{listing.provenance}:{identity}"
    if len(text) <= LONGEST:
        return text
    return f"{listing.provenance}:{hashlib.sha256(text.encode()).hexdigest()}"


def domains_of(listed: Listed) -> frozenset[str]:
    """The domains by which a listed organisation may be known: claimed ones, and those of its own mail."""
    claimed = {value for kind, value in listed.claims if kind == ClaimKind.DOMAIN}
    spoken = {
        value.rpartition("@")[2]
        for role, channel, value, _, _ in listed.contacts
        if channel == Channel.EMAIL and role in SPEAKS
    }
    return frozenset(claimed | spoken)


def _namesake(strangers: dict[str, list[Organisation]], listed: Listed) -> Organisation | None:
    same = [
        row
        for row in strangers.get(listed.name.casefold(), ())
        if row.country in {"", listed.country} and row.region in {"", listed.region}
    ]
    if len(same) != 1:
        return None
    strangers[listed.name.casefold()].remove(same[0])
    return same[0]


def _join(listing: Listing, found: Meant) -> None:
    """Join by domain whoever is not known otherwise, where that leaves no doubt."""
    asking = {
        identity: domains
        for identity, listed in listing.organisations.items()
        if identity not in found.known and (domains := domains_of(listed))
    }
    owners = _owners(listing, {domain for domains in asking.values() for domain in domains})
    wanted = {
        identity: {row.pk: row for domain in domains for row in owners.get(domain, ())}
        for identity, domains in asking.items()
    }
    taken = {row.pk for row in found.known.values()}
    askers: dict[int, int] = defaultdict(int)
    for rows in wanted.values():
        for number in rows:
            askers[number] += 1
    for identity, rows in wanted.items():
        if len(rows) == 1 and all(askers[number] == 1 and number not in taken for number in rows):
            found.known[identity] = next(iter(rows.values()))
            found.joined.add(identity)
        elif rows:
            listing.refusals.append(_doubt(listing.organisations[identity], rows.values()))


def _owners(listing: Listing, domains: set[str]) -> dict[str, list[Organisation]]:
    """Organisations of other sources that claim each domain now; a source tells its own apart itself."""
    found: dict[str, list[Organisation]] = defaultdict(list)
    claims = Claim.objects.filter(kind=ClaimKind.DOMAIN, valid_until=None).select_related("organisation")
    for claim in claims.iterator(chunk_size=5_000) if domains else ():
        ours = (claim.organisation.foreign_id or "").startswith(f"{listing.provenance}:")
        if claim.value in domains and not ours and claim.organisation not in found[claim.value]:
            found[claim.value].append(claim.organisation)
    return found


def _doubt(listed: Listed, rows: Iterable[Organisation]) -> Refusal:
    names = ", ".join(sorted(str(row) for row in rows))
    return Refusal(
        0, f"{listed.name}: its domains are also those of {names}; kept apart, as it is not clear whose"
    )
