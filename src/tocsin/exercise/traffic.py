"""Everyday traffic: users, their devices, the server's own probes, and the noise of the internet.

Every device, program and probe is an endless loop with a pace of its own; the loops are merged by
time, so memory depends on how many there are, never on how many requests they make. To fit the
wanted number of requests a day all pauses are stretched alike. A busy day asks for more people
instead of hastier ones.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from operator import attrgetter

from msgspec.structs import replace

from tocsin.exercise import clients, noise, probes
from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Scenario
from tocsin.exercise.story import Request, Trace
from tocsin.exercise.surroundings import BUSY, Person, Surroundings, surroundings_of

_DAY = 86_400
_MOST_PEOPLE = 2000
_LEAST_LEFT = 0.4

_Loop = Callable[[Surroundings, Dice, Person], Iterator[Request]]

_USED: tuple[tuple[str, _Loop, float, float], ...] = (
    ("phone", clients.phone, 0.6, _DAY / 690 * 1.25),
    ("desktop", clients.desktop, 0.7, _DAY / 300 * BUSY * 6.5),
    ("autodiscover", clients.autodiscover, 0.7, _DAY / 2250 * BUSY * 2),
    ("mac", clients.mac, 0.15, _DAY / 330 * BUSY * 2),
    ("anywhere", clients.anywhere, 0.1, _DAY / 1200 * BUSY * 3),
    ("address-book", clients.address_book, 0.7, 2),
    ("browser", clients.browser, 0.3, _DAY / 7200 * BUSY * 15),
)
"""What people use: its loop, the share of people, and requests a day of one."""

_PROBED = (len(probes.FRONT) + len(probes.BACK)) * _DAY / 60
"""Requests a day of the server's own probes."""

_STEADY = _DAY / 300 * (4 + 2) + _DAY / 425 + _DAY / 7000 * BUSY * 3
"""Requests a day by PowerShell, the control panel's probe, strangers and the administrator."""

_LONGEST_STRETCH = 36
"""Steady loops are never slower than that, so that a small server's rarer logs are not empty."""


def everyday(scenario: Scenario, dice: Dice) -> Iterator[Trace]:
    """Yield the everyday traces without end, times rising; about ``scenario.traffic`` requests a day."""
    if scenario.traffic < 1:
        return iter(())
    people = _people(scenario)
    others = _PROBED + people * sum(share * requests for _, _, share, requests in _USED)
    steady = min((others + _STEADY) / scenario.traffic, _LONGEST_STRETCH)
    left = max(scenario.traffic - _STEADY / steady, scenario.traffic * _LEAST_LEFT)
    here = surroundings_of(scenario, dice, others / left)
    loops = (*_loops(here, people), *_steady_loops(replace(here, stretch=steady)))
    return heapq.merge(*loops, key=attrgetter("at"))


def _people(scenario: Scenario) -> int:
    """Give how many people there are: as the scenario says, more where the wanted traffic asks for it."""
    each = sum(share * requests for _, _, share, requests in _USED)
    wanted = int((scenario.traffic - _PROBED - _STEADY) / each)
    return max(scenario.server.mailboxes, min(wanted, _MOST_PEOPLE))


def _loops(here: Surroundings, people: int) -> Iterator[Iterator[Trace]]:
    for number in range(people):
        who = here.person(number)
        for name, loop, share, _ in _USED:
            dice = here.dice.stream(name, str(number))
            if dice.chance(share):
                yield loop(here, dice, who)
    for protocol, stem in probes.FRONT:
        yield probes.front_probe(here, here.dice.stream("front", protocol), protocol, stem)
    for index in range(len(probes.BACK)):
        yield probes.back_probe(here, here.dice.stream("back", str(index)), index)


def _steady_loops(here: Surroundings) -> Iterator[Iterator[Trace]]:
    yield probes.powershell_probe(here, here.dice.stream("powershell"))
    yield probes.panel_probe(here, here.dice.stream("panel"))
    yield noise.internet(here, here.dice.stream("internet"))
    yield noise.administrator(here, here.dice.stream("administrator"), here.person(0))
