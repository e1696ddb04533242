"""The truth about a nation, as tables: never handed to the hub, only held against what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import pairwise

import numpy as np

from tocsin.exercise.nation.fates import NEVER, Fates
from tocsin.exercise.nation.people import People
from tocsin.exercise.nation.scenario import Nation
from tocsin.exercise.nation.servers import FULL, Servers, full_name, short_name

SERVERS = (
    *("server", "name", "organisation", "sector", "region", "branch", "address", "port", "moving", "hidden"),
    *("appears", "retires", "mitigated", "patched", "shell_from", "shell_until", "again_from", "again_until"),
)
STATES = ("server", "from", "until", "exposure", "web_shell")
DAYS = ("day", "date", "alive", "vulnerable", "mitigated", "patched", "web_shell", "patched_with_web_shell")
ADDRESSES = ("server", "from", "address")


def server_rows(
    nation: Nation, people: People, servers: Servers, fates: Fates
) -> Iterator[tuple[object, ...]]:
    """One row for each server, as `SERVERS` names the columns; days that never come are empty."""
    days = np.stack([getattr(fates, name) for name in SERVERS[SERVERS.index("appears") :]], axis=1).tolist()
    for server, dates in enumerate(days):
        organisation = int(servers.organisation[server])
        full = servers.told[server] == FULL
        yield (
            server,
            full_name(server, organisation) if full else short_name(server),
            f"org-{organisation}",
            nation.sectors[people.sector[organisation]].name,
            nation.regions[people.region[organisation]].name,
            nation.branches[servers.branch[server]].name,
            IPv4Address(int(servers.address[server])),
            int(servers.port[server]),
            int(servers.moving[server]),
            int(servers.hidden[server]),
            *("" if day >= NEVER else day for day in dates),
        )


def state_rows(nation: Nation, fates: Fates) -> Iterator[tuple[object, ...]]:
    """Each server's states as runs of days, ``until`` excluded, as `STATES` names the columns."""
    columns = [getattr(fates, name) for name in fates.__struct_fields__]
    for server, turns in enumerate(np.stack(columns, axis=1).tolist()):
        begin, end = turns[0], min(turns[1], nation.days)
        cuts = sorted({begin, *(turn for turn in turns[2:] if begin < turn < end), end})
        for start, stop in pairwise(cuts):
            yield (server, start, stop, *_state(turns, start))


def _state(turns: list[int], day: int) -> tuple[str, int]:
    patched, mitigated, *shells = turns[2:]
    exposure = "patched" if patched <= day else "mitigated" if mitigated <= day else "vulnerable"
    infected = shells[0] <= day < shells[1] or shells[2] <= day < shells[3]
    return exposure, int(infected)


def day_row(nation: Nation, fates: Fates, day: int) -> tuple[object, ...]:
    """The totals of one day, as `DAYS` names the columns."""
    alive, unpatched = fates.alive(day), fates.unpatched(day)
    shell = alive & fates.infected(day)
    found = Counter(
        vulnerable=int((alive & fates.open(day)).sum()),
        mitigated=int((alive & unpatched & ~fates.open(day)).sum()),
        patched=int((alive & ~unpatched).sum()),
    )
    with_shell = (int(shell.sum()), int((shell & ~unpatched).sum()))
    when = nation.first_day.toordinal() + day
    return (day, nation.first_day.fromordinal(when), int(alive.sum()), *found.values(), *with_shell)
