"""The first axis: can the server be broken into? A fold over everything that was ever seen and decided.

The answer is a function of *sets* (which source saw what on which days, which looks covered the server,
what was decided), so that replays, repeats and any order of imports give the same state.

- Worst wins inside a day. A version that says nothing (``unknown``) changes nothing that is known.
- Two sources that disagree make the state ``contradictory``: one says open on the day, or after the
  day, on which another said closed. While they do, closing takes the word of the one that said open, or its
  silence for `SETTLED` days.
- Not seen is not fixed. Absence counts when a complete snapshot of a source covered the server where that
  source last saw it, by the same or a declared successor of the method that saw it then, `MISSES` times
  running, and nobody else saw it meanwhile. Then the state is ``unreachable`` (the source lists every
  server of its kind) or ``unknown``, no longer reported (it lists vulnerable ones only). Both stay open.
  Closed states ask nothing of absence.
- Only a fixed build, seen or assessed, gives ``patched``; only re-assessed evidence ``patch-verified``.
- Closed and seen open again within `REOPEN` days is the same episode, reopened; later, a new one.
- A false positive lies over the state and not in it: when it ends, what was seen meanwhile holds.
- Inside one day sightings come before decisions, and decisions of better grade after those of lesser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from tocsin.hub.rules import days
from tocsin.hub.rules.decisions import EXPOSURE_OF, Kind, Told
from tocsin.hub.rules.words import CLOSED, OPEN, Exposure, Grade

REOPEN = 90
"""Days after closing within which an open sighting reopens the same episode."""
SETTLED = 14
"""Days for which what a source said counts against another's later word."""
MISSES = 2
"""Looks running that must miss a server: every scan misses some."""

BY_SIGHT: Mapping[Exposure, int] = {
    Exposure.NOT_AFFECTED: 1,
    Exposure.PATCHED: 2,
    Exposure.MITIGATED: 3,
    Exposure.PARTLY_MITIGATED: 4,
    Exposure.VULNERABLE: 5,
}
"""What a sighting can say, with its gravity: inside a day the gravest holds."""

KEPT_AGAINST: Mapping[Exposure, frozenset[Exposure]] = {
    Exposure.PATCH_VERIFIED: frozenset({Exposure.PATCHED, Exposure.NOT_AFFECTED}),
    Exposure.PATCHED: frozenset({Exposure.NOT_AFFECTED}),
}
"""States that say more than these sightings, which leave them as they are."""

MITIGATIONS = frozenset({Exposure.MITIGATED, Exposure.PARTLY_MITIGATED})
"""States that a version seen from outside does not refute: only a check or evidence does."""

SEEN_OPEN, SEEN_FIXED, SEEN_ONLY = "seen open", "seen fixed", "seen; its version does not tell"
SEEN_MITIGATED, MISSING = "seen mitigated", "looked for where it was and not found"
UNLISTED = "no longer reported by a source that lists open servers only"
ANSWERS = "answers again"
BY_EVIDENCE, BY_WORD, OVERLAID = "assessed", "decided", "judged a false positive"


class Seen(Struct, frozen=True, kw_only=True):
    """One source's sightings of one kind.

    Attributes:
        source: who saw.
        days: on which days, as a set.
        exposure: what the sightings say of the campaign.
        checked: a check says so, not the version alone.
        method: by which it looked.
        place: where the server was; any value that tells places apart.
    """

    source: int
    days: int
    exposure: Exposure
    checked: bool = False
    method: str = ""
    place: object = None


class Looks(Struct, frozen=True, kw_only=True):
    """A source's complete snapshots that covered one place, by one method.

    Attributes:
        source: who looked.
        days: on which days, as a set.
        method: by which it looked, with those that it continues in ``continues``.
        place: the place that was covered, or None for every place.
        lists_all: the source lists every server of its kind.
        window: how many days back a snapshot reaches: who was seen within them is not absent.
    """

    source: int
    days: int
    method: str = ""
    continues: frozenset[str] = frozenset()
    place: object = None
    lists_all: bool = False
    window: int = 0


class History(Struct, frozen=True, kw_only=True):
    """All that is known of one server in one campaign."""

    seen: tuple[Seen, ...] = ()
    looks: tuple[Looks, ...] = ()
    told: tuple[Told, ...] = ()


class State(Struct, frozen=True, kw_only=True):
    """Where the server stands on this axis. Days are numbers (`rules.days`).

    Attributes:
        exposure: the state.
        since: the day from which it holds.
        opened: first day of this episode.
        closed: the day on which it was closed, or None while it is open.
        reopened: how often it was, in this episode.
        contradictory: sources disagree.
        grade: of the evidence or decision that it rests on.
        reason: in a few words.
        false_positive_until: the last day of the false positive that lies over it, or None.
        path: every change of the state beneath, as day and state.
    """

    exposure: Exposure
    since: int
    opened: int
    closed: int | None
    reopened: int = 0
    contradictory: bool = False
    grade: Grade = Grade.OBSERVED
    reason: str = ""
    false_positive_until: int | None = None
    path: tuple[tuple[int, Exposure], ...] = ()


def fold(history: History, *, today: int) -> State | None:
    """Give the state on a day; None if nothing was ever seen or decided of the server in this campaign."""
    walk = _Walk(history)
    for day in days.each(_turns(history)):
        if day > today:
            break
        walk.take(day)
    if walk.state is None:
        return None
    return _overlaid(walk, [one for one in history.told if one.kind is Kind.FALSE_POSITIVE], today)


def _overlaid(walk: _Walk, false: Iterable[Told], today: int) -> State:
    beneath = walk.result()
    over = [one for one in false if one.until is not None and one.day <= today <= one.until]
    if not over:
        return beneath
    last = max(over, key=lambda one: (one.until or 0, one.order))
    start = min(one.day for one in over)
    return State(
        exposure=Exposure.FALSE_POSITIVE,
        since=start,
        opened=beneath.opened,
        closed=start,
        reopened=beneath.reopened,
        contradictory=beneath.contradictory,
        grade=last.grade,
        reason=OVERLAID,
        false_positive_until=last.until,
        path=beneath.path,
    )


def _turns(history: History) -> int:
    """Give the days on which anything can change.

    A day that repeats the two days before it cannot: on the first of them others' words may newly be held
    against its own (`_Walk._verdict`), and on the second that is done.
    """
    changes = present = missing = 0
    for seen in history.seen:
        ends = seen.days & ~(seen.days >> 1)
        changes |= (seen.days & ~(seen.days << 1)) | ends << 1 | ends << (SETTLED + 1)
        present |= seen.days
    for looks in history.looks:
        missing |= looks.days & ~_met(history.seen, looks)
    told = _union(1 << one.day for one in history.told)
    changes |= missing | told | told << 1
    return (changes | changes << 1) & (present | missing | told)


def _met(seen: Iterable[Seen], looks: Looks) -> int:
    """Give the days on which a look met the server: it was seen then, or in the window before."""
    return days.widen(_union(one.days for one in seen if one.source == looks.source), looks.window)


def _union(sets: Iterable[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


class _Said(NamedTuple):
    day: int
    exposure: Exposure
    checked: bool


class _Walk:
    """The state while days are gone through in order."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.sources = _by_source(history.seen)
        self.seen = _union(one.days for one in history.seen)
        self.missed: dict[int, int] = {}
        self.disputing: frozenset[int] = frozenset()
        self.contradictory = False
        self.state: Exposure | None = None
        self.beneath = Exposure.UNKNOWN
        self.since = self.opened = 0
        self.closed: int | None = None
        self.reopened = 0
        self.grade = Grade.OBSERVED
        self.reason = ""
        self.path: list[tuple[int, Exposure]] = []

    def take(self, day: int) -> None:
        """Go through one day: sightings, absences, decisions."""
        if self.seen >> day & 1:
            self._sighted(day)
        elif self.state in OPEN:
            self._absent(day)
        for one in sorted((one for one in self.history.told if one.day == day), key=lambda one: one.order):
            self._told(day, one)

    def result(self) -> State:
        return State(
            exposure=self.state or Exposure.UNKNOWN,
            since=self.since,
            opened=self.opened,
            closed=self.closed,
            reopened=self.reopened,
            contradictory=self.contradictory,
            grade=self.grade,
            reason=self.reason,
            path=tuple(self.path),
        )

    # --- seen -------------------------------------------------------------------------------------

    def _sighted(self, day: int) -> None:
        self.missed.clear()
        latest = {source: said for source, one in self.sources.items() if (said := one.said(day))}
        today = [said for said in latest.values() if said.day == day]
        if not today:
            self._seen_only(day)
            return
        fresh = {source: said for source, said in latest.items() if day - said.day <= SETTLED}
        verdict = self._verdict(today, fresh)
        self._judge_dispute(fresh, verdict.exposure)
        known = self.beneath if self.reason in _LOST else self.state or Exposure.UNKNOWN
        unrefuted = known in MITIGATIONS and verdict.exposure is Exposure.VULNERABLE and not verdict.checked
        if unrefuted or verdict.exposure in KEPT_AGAINST.get(known, ()):
            self._seen_only(day)
        else:
            self._go(day, verdict.exposure, Grade.OBSERVED, _REASONS[verdict.exposure])

    def _seen_only(self, day: int) -> None:
        if self.state is None:
            self._go(day, Exposure.UNKNOWN, Grade.OBSERVED, SEEN_ONLY)
        elif self.state in _GONE:
            self._go(day, Exposure.UNKNOWN, Grade.OBSERVED, ANSWERS)
        elif self.reason in _LOST:
            self._go(day, self.beneath, self.grade, ANSWERS)

    def _verdict(self, today: Iterable[_Said], fresh: Mapping[int, _Said]) -> _Said:
        held = [fresh[source] for source in self.disputing if source in fresh]
        return max([*today, *held], key=_gravity)

    def _judge_dispute(self, fresh: Mapping[int, _Said], verdict: Exposure) -> None:
        self.contradictory = verdict in OPEN and any(said.exposure in CLOSED for said in fresh.values())
        open_ones = [source for source, said in fresh.items() if said.exposure in OPEN]
        self.disputing = frozenset(open_ones) if self.contradictory else frozenset()

    # --- not seen ---------------------------------------------------------------------------------

    def _absent(self, day: int) -> None:
        covering: dict[int, list[Looks]] = {}
        for looks in self.history.looks:
            if looks.days >> day & 1 and looks.source in self.sources:
                covering.setdefault(looks.source, []).append(looks)
        for source, looked in covering.items():
            if self._is_missing(source, looked, day):
                self.missed[source] = self.missed.get(source, 0) + 1
                if self.missed[source] >= MISSES:
                    self._leave(day, lists_all=any(looks.lists_all for looks in looked))

    def _is_missing(self, source: int, looked: Sequence[Looks], day: int) -> bool:
        """Whether looks of one source on one day should have met the server, wherever it was."""
        last = days.last(self.sources[source].all, until=day)
        if last is None:
            return False
        then = [one for one in self.sources[source].seen if one.days >> last & 1]
        able = [
            looks
            for looks in looked
            if day - last > looks.window and {one.method for one in then} <= {looks.method} | looks.continues
        ]
        places = {looks.place for looks in able}
        return bool(able) and (None in places or {one.place for one in then} <= places)

    def _leave(self, day: int, *, lists_all: bool) -> None:
        if self.reason == MISSING or (self.reason == UNLISTED and not lists_all):
            return
        if self.reason not in _LOST:
            self.beneath = self.state or Exposure.UNKNOWN
        if lists_all:
            self._go(day, Exposure.UNREACHABLE, self.grade, MISSING)
        else:
            self._go(day, Exposure.UNKNOWN, self.grade, UNLISTED)

    # --- decided ----------------------------------------------------------------------------------

    def _told(self, day: int, told: Told) -> None:
        if told.kind in EXPOSURE_OF:
            self._go(day, EXPOSURE_OF[told.kind], told.grade, BY_WORD)
        elif told.kind is Kind.ASSESSMENT and told.exposure is not None and told.exposure in BY_SIGHT:
            verified = told.exposure is Exposure.PATCHED and told.grade is Grade.RE_ASSESSED
            state = Exposure.PATCH_VERIFIED if verified else told.exposure
            if told.exposure not in KEPT_AGAINST.get(self.state or Exposure.UNKNOWN, ()) or verified:
                self._go(day, state, told.grade, BY_EVIDENCE)
        elif self.state is None:
            self._go(day, Exposure.UNKNOWN, told.grade, BY_WORD)

    # --- the episode ------------------------------------------------------------------------------

    def _go(self, day: int, state: Exposure, grade: Grade, reason: str) -> None:
        if self.state is None:
            self.opened = day
            self.closed = day if state in CLOSED else None
        elif state in OPEN and self.closed is not None:
            self._reopen(day, self.closed)
        elif state in CLOSED and self.closed is None:
            self.closed = day
        if state is not self.state:
            self.state, self.since = state, day
            self.path.append((day, state))
        self.grade, self.reason = grade, reason

    def _reopen(self, day: int, closed: int) -> None:
        again = day - closed <= REOPEN
        self.opened = self.opened if again else day
        self.reopened = self.reopened + 1 if again else 0
        self.closed = None


class _Source:
    """One source's sightings of the server."""

    def __init__(self, seen: Sequence[Seen]) -> None:
        self.seen = seen
        self.all = _union(one.days for one in seen)
        self.telling = [one for one in seen if one.exposure in BY_SIGHT]
        told = _union(one.days for one in self.telling)
        self.start = days.first(told) or 0
        self.told = told >> self.start  # days since 2000 make long integers; days since the first one do not
        self._gravest: dict[int, _Said] = {}

    def said(self, day: int) -> _Said | None:
        """Give what it said last until a day, the gravest of that day."""
        known = self.told & ((2 << (day - self.start)) - 1) if day >= self.start else 0
        if not known:
            return None
        last = self.start + known.bit_length() - 1
        found = self._gravest.get(last)
        if found is None:
            found = self._gravest[last] = self._of(last)
        return found

    def _of(self, day: int) -> _Said:
        that_day = (one for one in self.telling if one.days >> day & 1)
        return max((_Said(day, one.exposure, one.checked) for one in that_day), key=_gravity)


def _gravity(said: _Said) -> tuple[int, bool]:
    return (BY_SIGHT[said.exposure], said.checked)


def _by_source(seen: Iterable[Seen]) -> dict[int, _Source]:
    groups: dict[int, list[Seen]] = {}
    for one in seen:
        groups.setdefault(one.source, []).append(one)
    return {source: _Source(group) for source, group in groups.items()}


_LOST = frozenset({MISSING, UNLISTED})
_GONE = frozenset({Exposure.RETIRED, Exposure.DISCONNECTED})
_REASONS = {
    Exposure.VULNERABLE: SEEN_OPEN,
    Exposure.PARTLY_MITIGATED: SEEN_MITIGATED,
    Exposure.MITIGATED: SEEN_MITIGATED,
    Exposure.PATCHED: SEEN_FIXED,
    Exposure.NOT_AFFECTED: SEEN_FIXED,
}
