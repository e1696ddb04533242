"""The shape of a nation's scenario, as YAML. Unknown keys are refused.

Scenarios that come with the program stand in ``scenarios/nations/<name>.yaml``. Shares and chances lie
between 0 and 1; days count from 0, the first day of the census.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

LAYOUTS = ("shadowserver-2021", "shadowserver", "shodan", "censys", "censys-legacy")


class Region(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the country, and how much of it lives there."""

    name: str
    weight: float = 1.0


class Sector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sector: how big, how quick, how reachable.

    Attributes:
        name: a word of the hub's vocabulary.
        weight: of organisations.
        half_life: days in which half of those who ever patch have done it.
        never: share that never patches.
        contact: share of organisations with any contact; ``verified`` of these were verified.
    """

    name: str
    weight: float = 1.0
    half_life: float = 8.0
    never: float = 0.1
    contact: float = 0.6
    verified: float = 0.3


class Branch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A branch of the product: the build that is open, and the one that holds the fix."""

    name: str
    open: str
    fixed: str
    weight: float = 1.0


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From ``day`` on a source looks in another way, and sees more or less by it."""

    day: int
    method: str
    sees: float
    continues: bool = False
    layout: str = ""


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who looks.

    Attributes:
        key: its name in files.
        name: its name for people.
        group: sources of one group do not look independently of one another.
        layout: of its files, one of `LAYOUTS`.
        lists: ``vulnerable`` or ``all``.
        first: the first day on which it looks; then every ``every`` days, until ``last`` if given.
        sees: chance that one look finds a server that it can reach.
        blind: share of servers that it can never reach.
        shells: chance that a look at a server with a web shell notices it.
        wrong: share of servers of which it always says that they are open.
        regions: looks at these regions' networks only; everywhere if empty.
        method: how it looks.
        changes: when that changes.
    """

    key: str
    name: str
    group: str
    layout: str
    lists: str = "all"
    first: int = 0
    last: int | None = None
    every: int = 1
    sees: float = 0.95
    blind: float = 0.05
    shells: float = 0.0
    wrong: float = 0.0
    regions: tuple[str, ...] = ()
    method: str = "1"
    changes: tuple[Change, ...] = ()


class Nation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``scenarios/nations/<name>.yaml``.

    Attributes:
        country: two letters, of those that ISO 3166 leaves to users (XA to XZ).
        organisations: number of owners of servers, besides one provider for each region.
        networks: address ranges that owners claim.
        hosted: share of owners whose servers stand in their provider's range.
        claimed: share of the others whose ranges the hub has been told.
        named: share of servers that give their full name to a scanner; half of the rest give a short one.
        moving: share of servers whose address changes; each day with ``moves``.
        patched: share that had the fix on day 0.
        mitigated: share of the unpatched that set up a mitigation, mostly in the first week.
        shells: share of those unpatched on day 0 that get a web shell, early on.
        cleaned: chance of each day that a web shell is removed.
        again: chance that a server that stays open is infected again after that.
        retired: chance of each day that a server is switched off for good.
        late: share of servers that first appear after day 0.
        hidden: share that no source can reach at all.
    """

    title: str
    description: str
    first_day: date
    days: int
    servers: int
    organisations: int
    networks: int
    country: str = "XA"
    campaign: str = "proxylogon"
    cve: str = "cve-2021-26855"
    regions: tuple[Region, ...]
    sectors: tuple[Sector, ...]
    branches: tuple[Branch, ...]
    sources: tuple[Source, ...]
    hosted: float = 0.3
    claimed: float = 0.8
    named: float = 0.7
    moving: float = 0.05
    moves: float = 0.1
    patched: float = 0.1
    mitigated: float = 0.15
    shells: float = 0.06
    cleaned: float = 0.06
    again: float = 0.2
    retired: float = 0.0005
    late: float = 0.03
    hidden: float = 0.0
