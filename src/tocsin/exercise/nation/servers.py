"""The servers: whose each is, which branch it runs, what it calls itself, and where it stands."""

from __future__ import annotations

import hashlib

import numpy as np
from msgspec import Struct

from tocsin.exercise.nation.chance import Chance, Whole
from tocsin.exercise.nation.people import REGION_BITS, People, domain
from tocsin.exercise.nation.scenario import Nation

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
FIRST_PORT = 443
FULL, SHORT, NONE = 0, 1, 2  # what a server tells a scanner of its name


class Servers(Struct, frozen=True, kw_only=True):
    """Arrays over servers. ``told`` is one of `FULL`, `SHORT`, `NONE`."""

    organisation: Whole
    network: Whole
    branch: Whole
    told: Whole
    moving: Flags
    hidden: Flags
    address: Whole
    port: Whole


def settle(nation: Nation, people: People, chance: Chance) -> Servers:
    """Give every organisation a server, and the rest to some that have many."""
    size = nation.servers
    draws = chance.fractions(size, "owner")
    big = np.asarray(draws * draws * draws * nation.organisations, dtype=np.int64)  # few have many
    first = np.arange(size) < nation.organisations
    organisation = np.where(first, np.arange(size) % nation.organisations, big)
    span = people.first[organisation + 1] - people.first[organisation]
    network = people.first[organisation] + chance.below(span, size, "network")
    told = chance.fractions(size, "told")
    address, port = _placed(people, network)
    return Servers(
        organisation=organisation,
        network=network,
        branch=chance.weighted([one.weight for one in nation.branches], size, "branch"),
        told=np.where(told < nation.named, FULL, np.where(told < (1 + nation.named) / 2, SHORT, NONE)),
        moving=chance.fractions(size, "moving") < nation.moving,
        hidden=chance.fractions(size, "hidden") < nation.hidden,
        address=address,
        port=port,
    )


def _placed(people: People, network: Whole) -> tuple[Whole, Whole]:
    """Addresses one after the other in each network; a full one begins anew, on another port."""
    order = np.argsort(network, kind="stable")
    sorted_network = network[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_network, sorted_network)
    usable = (1 << (32 - people.bits[sorted_network])) - 2
    address = np.empty(len(order), dtype=np.int64)
    port = np.empty(len(order), dtype=np.int64)
    address[order] = people.start[sorted_network] + 1 + rank % usable
    port[order] = FIRST_PORT + rank // usable
    return address, port


def move(address: Whole, moving: Flags, chance: Chance, day: int, *, moves: float) -> Whole:
    """Addresses of the next day: some of the moving servers get another one of their region.

    The upper half of each region's range holds the providers' pools, which no network reaches into.
    """
    size = len(address)
    going = moving & (chance.fractions(size, "move", day) < moves)
    pool = (address >> REGION_BITS << REGION_BITS) + (1 << (REGION_BITS - 1))
    return np.where(going, pool + chance.below(1 << (REGION_BITS - 1), size, "to", day), address)


def full_name(server: int, organisation: int) -> str:
    """What a server calls itself."""
    return f"{short_name(server).lower()}.{domain(organisation)}"


def short_name(server: int) -> str:
    """Its name without the domain."""
    return f"EX{server:06d}"


def fingerprint(server: int) -> str:
    """The SHA-256 of its certificate, as hexadecimal digits."""
    return hashlib.sha256(f"certificate of server {server}".encode()).hexdigest()
