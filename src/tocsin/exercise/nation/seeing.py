"""What a source sees of the truth on one day: which servers, and what it takes them to be."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tocsin.exercise.nation.chance import Chance, Whole
from tocsin.exercise.nation.fates import Fates
from tocsin.exercise.nation.people import People, region_network
from tocsin.exercise.nation.scenario import Nation, Source
from tocsin.exercise.nation.servers import Flags, Servers


class Seen(Struct, frozen=True, kw_only=True):
    """Arrays over the servers that a source lists on one day.

    Attributes:
        server: their numbers.
        address: where each was seen.
        open: the source's check says that the flaw is open.
        fixed: the build that it reads holds the fix.
        shell: it noticed a web shell.
    """

    server: Whole
    address: Whole
    open: Flags
    fixed: Flags
    shell: Flags


class Method(Struct, frozen=True, kw_only=True):
    """How a source looks on one day."""

    method: str
    sees: float
    layout: str
    continues: str = ""


def looks_on(source: Source, day: int) -> bool:
    """Whether a source takes a snapshot on a day."""
    until = day if source.last is None else source.last
    return source.first <= day <= until and (day - source.first) % source.every == 0


def method_on(source: Source, day: int) -> Method:
    """How it looks on that day; ``continues`` names the method before, where the new one is declared to."""
    now = Method(method=source.method, sees=source.sees, layout=source.layout)
    for change in source.changes:
        if change.day <= day:
            continues = now.method if change.continues else ""
            layout = change.layout or now.layout
            now = Method(method=change.method, sees=change.sees, layout=layout, continues=continues)
    return now


def scope_of(nation: Nation, source: Source) -> dict[str, object]:
    """What a source covers, in the hub's words."""
    checks = {"checks": [nation.cve]} if source.lists == "vulnerable" else {}
    if not source.regions:
        return {"everything": True, **checks}
    names = [region.name for region in nation.regions]
    return {"cidrs": [region_network(names.index(name)) for name in source.regions], **checks}


class Eyes:
    """One source: what it can never see and always gets wrong is drawn once."""

    def __init__(self, nation: Nation, source: Source, chance: Chance) -> None:
        """Draw both."""
        self._source = source
        self._chance = chance
        size = nation.servers
        self._blind = chance.fractions(size, "blind", source.key) < source.blind
        self._wrong = chance.fractions(size, "wrong", source.key) < source.wrong
        names = [region.name for region in nation.regions]
        self._regions = [names.index(name) for name in source.regions]

    def look(self, day: int, world: tuple[People, Servers, Fates], address: Whole) -> Seen:
        """What it lists on a day, given where the servers stand."""
        people, servers, fates = world
        reached = fates.alive(day) & ~servers.hidden & ~self._blind
        if self._regions:
            reached &= np.isin(people.region[servers.organisation], self._regions)
        size = len(address)
        chance = self._chance.fractions(size, "sees", self._source.key, day)
        reached &= chance < method_on(self._source, day).sees
        return self._listed(day, fates, address, reached)

    def _listed(self, day: int, fates: Fates, address: Whole, reached: Flags) -> Seen:
        noticed = self._chance.fractions(len(address), "shell", self._source.key, day) < self._source.shells
        is_open = fates.open(day) | (self._wrong & ~fates.open(day))
        shell = reached & fates.infected(day) & noticed
        listed = reached if self._source.lists == "all" else (reached & is_open) | shell
        server = np.flatnonzero(listed)
        return Seen(
            server=server,
            address=address[server],
            open=is_open[server],
            fixed=(~fates.unpatched(day) & ~self._wrong)[server],
            shell=shell[server],
        )
