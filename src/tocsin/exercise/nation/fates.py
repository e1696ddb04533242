"""What becomes of each server: when it is patched or mitigated, infected, cleaned, switched off.

Days count from 0; ``NEVER`` is after all of them. A patch does not remove a web shell, and a mitigation is no
patch.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tocsin.exercise.nation.chance import Chance, Whole, daily, waits
from tocsin.exercise.nation.people import People
from tocsin.exercise.nation.scenario import Nation
from tocsin.exercise.nation.servers import Flags, Servers

NEVER = 1 << 20
_FIRST_WEEK = 7


class Fates(Struct, frozen=True, kw_only=True):
    """Days over servers. A web shell is there on the days ``from`` <= day < ``until`` of either stretch."""

    appears: Whole
    retires: Whole
    patched: Whole
    mitigated: Whole
    shell_from: Whole
    shell_until: Whole
    again_from: Whole
    again_until: Whole

    def alive(self, day: int) -> Flags:
        """Which servers run on a day."""
        return np.asarray((self.appears <= day) & (day < self.retires))

    def unpatched(self, day: int) -> Flags:
        """Which lack the fix on a day, mitigated ones too."""
        return np.asarray(self.patched > day)

    def open(self, day: int) -> Flags:
        """Which can be broken into on a day."""
        return np.asarray((self.patched > day) & (self.mitigated > day))

    def infected(self, day: int) -> Flags:
        """Which have a web shell on a day."""
        first = (self.shell_from <= day) & (day < self.shell_until)
        return np.asarray(first | ((self.again_from <= day) & (day < self.again_until)))


def decide(nation: Nation, people: People, servers: Servers, chance: Chance) -> Fates:
    """Draw every server's days."""
    size, days = nation.servers, nation.days
    late = chance.fractions(size, "late") < nation.late
    appears = np.where(late, 1 + chance.below(max(1, days - 1), size, "appears"), 0)
    retires = _never(waits(chance.fractions(size, "retires"), nation.retired, days), days)
    patched = _patched(nation, people.sector[servers.organisation], chance)
    mitigates = (chance.fractions(size, "mitigates") < nation.mitigated) & (patched > 0)
    mitigated = np.where(mitigates, chance.below(_FIRST_WEEK, size, "mitigated"), NEVER)
    shell_from, shell_until = _shell(nation, patched, chance)
    again_from, again_until = _again(nation, patched, shell_until, chance)
    return Fates(
        appears=appears,
        retires=np.maximum(retires, appears + 1),
        patched=patched,
        mitigated=mitigated,
        shell_from=shell_from,
        shell_until=shell_until,
        again_from=again_from,
        again_until=again_until,
    )


def _never(days: Whole, most: int) -> Whole:
    return np.where(days >= most, NEVER, days)


def _patched(nation: Nation, sector: Whole, chance: Chance) -> Whole:
    size = nation.servers
    drawn = chance.fractions(size, "patched")
    never = chance.fractions(size, "never")
    found = np.full(size, NEVER, dtype=np.int64)
    for index, facts in enumerate(nation.sectors):
        mine = sector == index
        days = 1 + waits(drawn, daily(facts.half_life), nation.days)
        found = np.where(mine & (never >= facts.never) & (days < nation.days), days, found)
    return np.where(chance.fractions(size, "early") < nation.patched, 0, found)


def _shell(nation: Nation, patched: Whole, chance: Chance) -> tuple[Whole, Whole]:
    size = nation.servers
    begins = chance.below(_FIRST_WEEK, size, "shell from")
    hit = (chance.fractions(size, "shell") < nation.shells) & (patched > begins)
    stays = 1 + _never(waits(chance.fractions(size, "cleaned"), nation.cleaned, nation.days), nation.days)
    return np.where(hit, begins, NEVER), np.where(hit, np.minimum(begins + stays, NEVER), NEVER)


def _again(nation: Nation, patched: Whole, until: Whole, chance: Chance) -> tuple[Whole, Whole]:
    size = nation.servers
    begins = until + 1 + chance.below(_FIRST_WEEK, size, "again from")
    hit = (until < NEVER) & (patched > begins) & (chance.fractions(size, "again") < nation.again)
    stays = 1 + _never(
        waits(chance.fractions(size, "cleaned again"), nation.cleaned, nation.days), nation.days
    )
    return np.where(hit, begins, NEVER), np.where(hit, np.minimum(begins + stays, NEVER), NEVER)
