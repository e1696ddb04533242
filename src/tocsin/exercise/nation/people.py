"""Who there is: organisations with sector, region, contacts and claims, and the networks of each."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import numpy as np
from msgspec import Struct

from tocsin.exercise.nation.chance import Chance, Whole
from tocsin.exercise.nation.scenario import Nation

FIRST_ADDRESS = int(IPv4Address("240.0.0.0"))
REGION_BITS = 24  # each region is a /8 of 240.0.0.0/4
FIRST_NUMBER = 4_200_000_000  # of the autonomous systems that RFC 6996 leaves to private use
SHORTEST, LONGEST = 24, 29  # networks
_HEAD = (
    "Alder",
    "Birch",
    "Cedar",
    "Dale",
    "Elm",
    "Fern",
    "Grove",
    "Hazel",
    "Iris",
    "Juniper",
    "Kestrel",
    "Linden",
)
_KIND = {
    "government-local": "Council",
    "health": "Hospital",
    "education": "College",
    "energy": "Power",
    "finance": "Bank",
    "transport": "Transit",
    "water": "Water",
}
ORGANISATIONS = (
    *("id", "name", "sector", "country", "region", "email", "phone", "abuse", "verified"),
    *("cidr", "asn", "domain"),
)


class People(Struct, frozen=True, kw_only=True):
    """The constituency, as arrays over organisations and over networks.

    Attributes:
        sector: index into the scenario's sectors, by organisation.
        region: index into the scenario's regions.
        hosted: stands in the provider's range.
        claimed: the hub was told of its ranges.
        owner: organisation of each network.
        start: first address of each network.
        bits: length of its prefix.
        first: each organisation's first network; ``first[i + 1]`` ends its run.
    """

    sector: Whole
    region: Whole
    hosted: np.ndarray[tuple[int], np.dtype[np.bool_]]
    claimed: np.ndarray[tuple[int], np.dtype[np.bool_]]
    owner: Whole
    start: Whole
    bits: Whole
    first: Whole


def populate(nation: Nation, chance: Chance) -> People:
    """Make organisations, and give each one network or more, inside its region's range."""
    size = nation.organisations
    sector = chance.weighted([one.weight for one in nation.sectors], size, "sector")
    region = chance.weighted([one.weight for one in nation.regions], size, "region")
    more = max(0, nation.networks - size)
    owner = np.sort(np.concatenate([np.arange(size), chance.below(size, more, "networks")]))
    bits = SHORTEST + chance.weighted([1, 2, 4, 8, 12, 12], len(owner), "prefix")
    return People(
        sector=sector,
        region=region,
        hosted=chance.fractions(size, "hosted") < nation.hosted,
        claimed=chance.fractions(size, "claimed") < nation.claimed,
        owner=owner,
        start=_starts(region[owner], bits),
        bits=bits,
        first=np.searchsorted(owner, np.arange(size + 1)),
    )


def _starts(region: Whole, bits: Whole) -> Whole:
    """Aligned starts, one after the other inside each region; a /24 each would fit 65,536 times."""
    start = np.empty(len(bits), dtype=np.int64)
    for each in np.unique(region):
        mine = np.flatnonzero(region == each)
        order = mine[np.argsort(bits[mine], kind="stable")]  # biggest first keeps all of them aligned
        sizes = 1 << (32 - bits[order])
        base = FIRST_ADDRESS + (int(each) << REGION_BITS)
        start[order] = base + np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return start


def region_network(index: int) -> str:
    """The range of a region, which its provider claims."""
    return f"{IPv4Address(FIRST_ADDRESS + (index << REGION_BITS))}/{32 - REGION_BITS}"


def domain(organisation: int) -> str:
    """The domain of an organisation."""
    return f"org{organisation}.example"


def organisation_rows(nation: Nation, people: People, chance: Chance) -> Iterator[tuple[str, ...]]:
    """Providers, then organisations, with what the hub is told of them; columns as in `ORGANISATIONS`."""
    for index, region in enumerate(nation.regions):
        words = (f"provider-{index}", f"{region.name} Internet", "digital-infrastructure", nation.country)
        reach = ("", "", f"abuse@provider{index}.example", "yes")
        yield (*words, region.name, *reach, region_network(index), f"AS{FIRST_NUMBER + index}", "")
    contacts = _contacts(nation, people, chance)
    for index, (sector, region) in enumerate(
        zip(people.sector.tolist(), people.region.tolist(), strict=True)
    ):
        kind = _KIND.get(nation.sectors[sector].name, "Company")
        name = f"{_HEAD[index % len(_HEAD)]} {kind} {index}"
        place = (nation.sectors[sector].name, nation.country, nation.regions[region].name)
        yield (
            f"org-{index}",
            name,
            *place,
            *next(contacts),
            _networks(people, index),
            "",
            _domain(people, index),
        )


def _networks(people: People, index: int) -> str:
    """The ranges that the hub was told of; whoever stands with a provider has none of his own."""
    if people.hosted[index] or not people.claimed[index]:
        return ""
    mine = range(int(people.first[index]), int(people.first[index + 1]))
    return ";".join(f"{IPv4Address(int(people.start[network]))}/{people.bits[network]}" for network in mine)


def _domain(people: People, index: int) -> str:
    return domain(index) if people.claimed[index] or people.hosted[index] else ""


def _contacts(nation: Nation, people: People, chance: Chance) -> Iterator[tuple[str, str, str, str]]:
    """E-mail, telephone, abuse address and whether it was verified, with the gaps that the sectors have."""
    has = chance.fractions(nation.organisations, "contact").tolist()
    verified = chance.fractions(nation.organisations, "verified").tolist()
    channel = chance.weighted([8, 2], nation.organisations, "channel").tolist()
    for index, sector in enumerate(people.sector.tolist()):
        facts = nation.sectors[sector]
        known = "yes" if verified[index] < facts.verified else ""
        email, phone = f"security@{domain(index)}", f"+99 555 {index:07d}"
        if has[index] >= facts.contact:
            yield ("", "", "", "")
        else:
            yield ("", phone, "", known) if channel[index] else (email, "", "", known)
