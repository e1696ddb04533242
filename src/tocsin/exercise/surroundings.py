"""What everyday traffic shares: who works here, when, under which names and from where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Scenario
from tocsin.exercise.story import Request
from tocsin.exercise.workshop import running_at

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/88.0.4324.182 Safari/537.36"
)
LOGON_DENIED = 2148074254
"""Win32 status of the first leg of NTLM and Negotiate."""

_HOURS = (2, 2, 2, 2, 2, 3, 8, 30, 75, 100, 100, 95, 70, 90, 100, 95, 80, 50, 25, 18, 15, 12, 8, 4)
"""How busy people are by the hour of their own clock, in percent."""

_WEEKEND = 15
_SATURDAY = 5
BUSY = sum(_HOURS) / 2400 * (5 + 2 * _WEEKEND / 100) / 7
"""How busy people are on average over a week, from 0 to 1."""


class Person(Struct, frozen=True, kw_only=True):
    """A mailbox owner: account, mail address, hours earlier or later than others, two addresses."""

    account: str
    mail: str
    mailbox: str
    early: int
    office: str
    away: str


class Surroundings(Struct, frozen=True, kw_only=True):
    """Where and when everyday traffic takes place.

    ``stretch``: pauses are so many times longer than in life, to fit the wanted number of requests.
    """

    scenario: Scenario
    dice: Dice
    stretch: float
    offset: timedelta
    outside: tuple[str, ...]

    @property
    def start(self) -> datetime:
        """The first moment: midnight UTC of the first day."""
        day = self.scenario.first_day
        return datetime(day.year, day.month, day.day, tzinfo=UTC)

    @property
    def domain(self) -> str:
        """Such as ``contoso.example``."""
        return self.scenario.server.domain

    @property
    def realm(self) -> str:
        """Such as ``CONTOSO``."""
        return self.domain.partition(".")[0].upper()

    @property
    def inside(self) -> str:
        """The server's own name, such as ``mail01.contoso.example``."""
        return f"{self.scenario.server.name}.{self.domain}".lower()

    def build(self, moment: datetime) -> str:
        """Give the build that runs at a moment."""
        return running_at(self.scenario, moment)

    def person(self, number: int) -> Person:
        """Give the owner of a mailbox."""
        dice = self.dice.stream("person", str(number))
        name = f"user{number + 1:03d}"
        return Person(
            account=f"{self.realm}\\{name}",
            mail=f"{name}@{self.domain}",
            mailbox=f"{dice.guid()}@{self.domain}",
            early=dice.between(-1, 1),
            office=f"192.0.2.{dice.between(40, 250)}",
            away=dice.pick(self.outside),
        )

    def ticks(self, dice: Dice, low: float, high: float) -> Iterator[datetime]:
        """Yield moments that are ``low`` to ``high`` seconds apart, stretched, from the start on."""
        now = self.start + timedelta(seconds=dice.fraction() * high * self.stretch)
        while True:
            yield now.replace(microsecond=now.microsecond // 1000 * 1000)
            now += timedelta(seconds=(low + dice.fraction() * (high - low)) * self.stretch)

    def busy(self, person: Person, dice: Dice, moment: datetime) -> bool:
        """Tell whether somebody is at work at a moment: likely in business hours, rarely at night."""
        local = moment + self.offset
        percent = _HOURS[(local.hour + person.early) % 24]
        if local.weekday() >= _SATURDAY:
            percent = percent * _WEEKEND // 100
        return dice.fraction() * 100 < percent

    def from_outside(self, request: Request) -> Request:
        """Give the request as the server sees it: through its reverse proxy, if it has one."""
        proxy = self.scenario.server.reverse_proxy
        return replace(request, client=proxy, forwarded=request.client) if proxy else request


def surroundings_of(scenario: Scenario, dice: Dice, stretch: float) -> Surroundings:
    """Give the surroundings; addresses of acts are nobody else's."""
    taken = {act.address for act in scenario.acts}
    ranges = ("198.51.100", "203.0.113")
    outside = tuple(f"{net}.{host}" for net in ranges for host in range(10, 251))
    sign = -1 if scenario.server.utc_offset.startswith("-") else 1
    hours, _, minutes = scenario.server.utc_offset.lstrip("+-").partition(":")
    return Surroundings(
        scenario=scenario,
        dice=dice,
        stretch=stretch,
        offset=sign * timedelta(hours=int(hours), minutes=int(minutes or 0)),
        outside=tuple(address for address in outside if address not in taken),
    )
