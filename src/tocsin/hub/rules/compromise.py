"""The second axis: was somebody inside, and is that shown to be over?

A web shell that a census saw makes ``suspected`` and no more: an outside check is nobody's evidence,
answers can be faked and checks err; it takes an assessment to say ``confirmed``. It never makes less,
either: that the shell is not seen any more changes nothing. Bad news raises the state at any grade;
``contained`` and ``removed`` are claims; ``verified-clean`` is entered by re-assessed evidence alone,
collected after the last claim of removal and after the last day on which a shell was seen, and out of
``confirmed`` and ``contained`` only by way of ``removed``.

Inside one day sightings come first, then decisions: an owner who removes a shell on the day of the scan is
heard, and tomorrow's scan has its say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from tocsin.hub.rules import days
from tocsin.hub.rules.decisions import Kind, Told
from tocsin.hub.rules.words import Compromise, Grade

RISING = (Compromise.UNKNOWN, Compromise.TARGETED, Compromise.SUSPECTED, Compromise.CONFIRMED)
"""What was done, from the least."""

CLAIMS = {
    Kind.CONTAINED: (Compromise.CONTAINED, frozenset({Compromise.SUSPECTED, Compromise.CONFIRMED})),
    Kind.REMOVED: (
        Compromise.REMOVED,
        frozenset({Compromise.SUSPECTED, Compromise.CONFIRMED, Compromise.CONTAINED}),
    ),
    Kind.ACCEPTED_RISK: (
        Compromise.ACCEPTED_RISK,
        frozenset(set(Compromise) - {Compromise.ACCEPTED_RISK, Compromise.VERIFIED_CLEAN}),
    ),
}
"""Which states a claim leads to, and from where."""

CLEAN_FROM = frozenset(set(Compromise) - {Compromise.CONFIRMED, Compromise.CONTAINED})
"""From where re-assessed evidence may lead to ``verified-clean``."""


class State(Struct, frozen=True, kw_only=True):
    """Where a server stands on this axis.

    Attributes:
        compromise: the state.
        since: number of the day from which it holds, or None while nothing is known.
        worst: the worst that was ever shown; it does not fade.
        shell_seen: number of the last day on which a census saw a web shell, or None.
        path: every change, as day and state.
    """

    compromise: Compromise = Compromise.UNKNOWN
    since: int | None = None
    worst: Compromise = Compromise.UNKNOWN
    shell_seen: int | None = None
    path: tuple[tuple[int, Compromise], ...] = ()


NOTHING = State()


def fold(shells: int, told: Iterable[Told]) -> State:
    """Give the state after all sightings of web shells (a set of days) and all decisions, in any order."""
    claims = sorted(told, key=lambda one: one.order)
    if not shells and not claims:
        return NOTHING
    walk = _Walk()
    for day, decisions in _by_day(shells, claims):
        if shells >> day & 1:
            walk.see(day)
        for one in decisions:
            walk.hear(one)
    return State(
        compromise=walk.state,
        since=walk.since,
        worst=walk.worst,
        shell_seen=days.last(shells),
        path=tuple(walk.path),
    )


def _by_day(shells: int, told: list[Told]) -> Iterator[tuple[int, list[Told]]]:
    turns = shells
    for one in told:
        turns |= 1 << one.day
    for day in days.each(turns):
        yield day, [one for one in told if one.day == day]


class _Walk:
    def __init__(self) -> None:
        self.state = self.worst = Compromise.UNKNOWN
        self.since: int | None = None
        self.path: list[tuple[int, Compromise]] = []
        self.seen: int | None = None
        self.removed: float | None = None

    def see(self, day: int) -> None:
        """A census saw a web shell: whatever was claimed or shown before, it is there."""
        self.seen = day
        self._raise(day, Compromise.SUSPECTED)

    def hear(self, told: Told) -> None:
        if told.kind is Kind.ASSESSMENT:
            self._assessed(told)
        elif told.kind in CLAIMS:
            state, sources = CLAIMS[told.kind]
            if self.state in sources:
                self._go(told.day, state)
                if told.kind is Kind.REMOVED:
                    self.removed = told.moment

    def _assessed(self, told: Told) -> None:
        level = told.compromise if told.compromise in RISING else None
        if self._may_be_clean(told):
            self.worst = _worse(self.worst, level)
            self._go(told.day, Compromise.VERIFIED_CLEAN)
        elif told.present:
            self._raise(told.day, _worse(level, Compromise.SUSPECTED))
        elif level and (self.state in RISING or _is_worse(level, self.worst)):
            self._raise(told.day, level)

    def _may_be_clean(self, told: Told) -> bool:
        shown = told.clean and told.grade is Grade.RE_ASSESSED and not told.present
        after_sighting = self.seen is None or told.day > self.seen
        after_claim = self.removed is None or told.moment > self.removed
        return shown and self.state in CLEAN_FROM and after_sighting and after_claim

    def _raise(self, day: int, level: Compromise) -> None:
        """Never to less than was shown before: a shell seen again on a confirmed server confirms it anew."""
        self.worst = _worse(self.worst, level)
        self._go(day, self.worst)

    def _go(self, day: int, state: Compromise) -> None:
        if state is not self.state:
            self.state, self.since = state, day
            self.path.append((day, state))


def _worse(one: Compromise | None, other: Compromise | None) -> Compromise:
    return max((one or Compromise.UNKNOWN, other or Compromise.UNKNOWN), key=RISING.index)


def _is_worse(one: Compromise, other: Compromise) -> bool:
    return RISING.index(one) > RISING.index(other)
