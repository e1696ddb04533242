"""RDAP answers (RFC 9083) and lists of abuse contacts, as JSON or one JSON object a line.

A network's owner is its registrant, or else the network's own name; contacts are the e-mail addresses of
entities of role abuse, technical and administrative, at any depth (jCard, RFC 7095). Lists as RIPEstat and
others export them are objects with a prefix and one or more addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tocsin.errors import UsageFault
from tocsin.hub.rules.imports import LONGEST, MOST_ROWS, Listed, Listing, Refusal, add_claim, add_contact
from tocsin.hub.rules.words import Channel, ClaimKind, ContactRole, Provenance

ROLES = {
    "abuse": ContactRole.ABUSE,
    "technical": ContactRole.TECHNICAL,
    "noc": ContactRole.TECHNICAL,
    "notifications": ContactRole.NOTIFICATIONS,
    "administrative": ContactRole.ADMINISTRATIVE,
}
PREFIXES = ("prefix", "network", "resource", "cidr", "inetnum", "ip")
ADDRESSES = ("abuse_contacts", "abuse_contact", "abuse-mailbox", "abuse", "emails", "email")
OWNERS = ("organisation", "organization", "holder", "org", "name", "owner")
DEEPEST = 8
Json = Any


def read_rdap(data: bytes) -> Listing:
    """Read what an RDAP client or an abuse-contact service wrote.

    Raises:
        UsageFault: it is no JSON of either kind.
    """
    listing = Listing(layout="rdap", provenance=Provenance.RDAP)
    for line, entry in enumerate(_objects(data), start=1):
        listing.rows += 1
        if line > MOST_ROWS:
            raise UsageFault(f"more than {MOST_ROWS} entries", remedy="Split the file.")
        if not isinstance(entry, dict) or not _take(listing, entry, line):
            listing.refusals.append(Refusal(line, "neither a network, an AS, a domain nor a list entry"))
    return listing


def _objects(data: bytes) -> Iterator[Json]:
    try:
        whole = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _lines(data)
        return
    if isinstance(whole, dict) and isinstance(whole.get("results"), list):
        whole = whole["results"]
    yield from whole if isinstance(whole, list) else [whole]


def _lines(data: bytes) -> Iterator[Json]:
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            try:
                yield msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise UsageFault(f"this is no JSON: {error}", where=f"line {number}") from error


def _take(listing: Listing, entry: dict[str, Json], line: int) -> bool:
    claims = list(_claims(entry)) or list(_listed_claims(entry))
    if not claims:
        return False
    owner = _text(_owner(entry)) or claims[0][1]
    key = f"{owner}|{_text(entry.get('country'))}".casefold()
    country = _text(entry.get("country"))[:2].upper()
    listed = listing.organisations.setdefault(
        key, Listed(identity=key, name=owner[:LONGEST], country=country)
    )
    for kind, value in claims:
        add_claim(listing, listed, kind, value, line)
    for role, address in _contacts(entry):
        add_contact(listing, listed, (role, Channel.EMAIL, address, "", "en"), line)
    return True


def _claims(entry: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """What the object is about, by its class."""
    for block in _list(entry.get("cidr0_cidrs")):
        if isinstance(block, dict):
            prefix = _text(block.get("v4prefix") or block.get("v6prefix"))
            yield ClaimKind.CIDR, f"{prefix}/{block.get('length')}"
    first, last = entry.get("startAutnum"), entry.get("endAutnum")
    if isinstance(first, int) and isinstance(last, int):
        for number in range(first, min(last, first + 1_000) + 1):
            yield ClaimKind.ASN, str(number)
    if entry.get("objectClassName") == "domain" and entry.get("ldhName"):
        yield ClaimKind.DOMAIN, _text(entry["ldhName"])


def _listed_claims(entry: dict[str, Json]) -> Iterator[tuple[str, str]]:
    entry = _inner(entry)
    value = next((_text(entry[name]) for name in PREFIXES if entry.get(name)), "")
    if value:
        asn = value.upper().startswith("AS") or value.isdigit()
        yield (ClaimKind.ASN if asn else ClaimKind.CIDR), value
    elif entry.get("asn"):
        yield ClaimKind.ASN, _text(entry["asn"])


def _inner(entry: dict[str, Json]) -> dict[str, Json]:
    """RIPEstat wraps its answer: ``data``, and in it ``parameters``."""
    data = entry.get("data")
    if not isinstance(data, dict):
        return entry
    parameters = data.get("parameters")
    return {**(parameters if isinstance(parameters, dict) else {}), **data}


def _owner(entry: dict[str, Json]) -> Json:
    for entity in _entities(entry, 0):
        if "registrant" in _list(entity.get("roles")):
            found = next(_card(entity, "fn"), "") or entity.get("handle")
            if found:
                return found
    inner = _inner(entry)
    return next((inner[name] for name in OWNERS if inner.get(name)), entry.get("handle"))


def _contacts(entry: dict[str, Json]) -> Iterator[tuple[str, str]]:
    for entity in _entities(entry, 0):
        for role in _list(entity.get("roles")):
            if isinstance(role, str) and role in ROLES:
                yield from ((ROLES[role], address) for address in _card(entity, "email"))
    inner = _inner(entry)
    for name in ADDRESSES:
        for address in _list(inner.get(name)):
            if isinstance(address, str):
                yield ContactRole.ABUSE, address


def _entities(entry: dict[str, Json], depth: int) -> Iterator[dict[str, Json]]:
    for entity in _list(entry.get("entities")):
        if isinstance(entity, dict):
            yield entity
            if depth < DEEPEST:
                yield from _entities(entity, depth + 1)


def _card(entity: dict[str, Json], name: str) -> Iterator[str]:
    """Values of one property of an entity's jCard: ``["vcard", [[name, {}, type, value], …]]``."""
    card = _list(entity.get("vcardArray"))
    for entry in _list(card[1] if len(card) > 1 else None):
        if isinstance(entry, list) and len(entry) > 3 and entry[0] == name and isinstance(entry[3], str):  # noqa: PLR2004 - jCard
            yield entry[3]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Json) -> str:
    return " ".join(str(value).replace("\0", "").split())[:LONGEST] if isinstance(value, (str, int)) else ""
