"""Events as they come, over one answer that stays open for a while (server-sent events, WHATWG HTML 9.2).

Each open stream holds a thread of the web server. So there are few, each ends after less than a minute, and
the client comes back with ``Last-Event-ID``, as browsers do by themselves. At every look the token is checked
again: whoever lost it, or his role, is given nothing more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec

from tocsin.hub.accounts.models import Token, User
from tocsin.hub.exposure.models import Event
from tocsin.hub.streams.selectors import events_after, holder, shown

AT_ONCE = 2
"""Streams in one process, which has four threads."""
LOOK_SECONDS = 1.0
BEAT_SECONDS = 15.0
BATCH = 200


class Slots:
    """How many streams are open in this process, and whose: one for each person."""

    def __init__(self, most: int = AT_ONCE) -> None:
        """None are open."""
        self._most, self._open, self._lock = most, set[int](), threading.Lock()

    def take(self, person: int) -> bool:
        """Whether there was room for this person."""
        with self._lock:
            if person in self._open or len(self._open) >= self._most:
                return False
            self._open.add(person)
            return True

    def give_back(self, person: int) -> None:
        """Make room again."""
        with self._lock:
            self._open.discard(person)


SLOTS = Slots()


class Clock:
    """Time as a stream knows it; tests bring their own."""

    def now(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


def awaited(token: Token, look: Callable[[User], bool], seconds: float, clock: Clock | None = None) -> None:
    """Look once a second until there is something, the time is over, or the token is."""
    clock = clock or Clock()
    ends = clock.now() + seconds
    while (user := holder(token)) is not None and not look(user) and clock.now() < ends:
        clock.wait(LOOK_SECONDS)


class Stream:
    """The text of one stream, piece by piece. ``close`` gives its slot back, whether it was read or not."""

    def __init__(
        self, token: Token, after: int, seconds: float, *, slots: Slots, clock: Clock | None = None
    ) -> None:
        """Begin after an event; the slot was taken."""
        self._token, self._after, self._slots = token, after, slots
        self._clock = clock or Clock()
        self._ends = self._clock.now() + seconds
        self._beat = self._clock.now()
        self._waiting = [b"retry: 2000\n\n"]

    def __iter__(self) -> Stream:
        """Itself."""
        return self

    def __next__(self) -> bytes:
        """The next piece: an event, or a comment that shows that the line is alive."""
        while not self._waiting:
            if self._clock.now() >= self._ends or not self._look():
                raise StopIteration
        return self._waiting.pop(0)

    def _look(self) -> bool:
        """Look for events, or wait. Tells whether the token still holds."""
        user = holder(self._token)
        if user is None:
            return False
        batch = events_after(user, self._after, most=BATCH)
        self._after = batch.looked
        self._waiting += [piece(event) for event in batch.events]
        if self._waiting:
            self._beat = self._clock.now()
        elif self._clock.now() - self._beat >= BEAT_SECONDS:
            self._beat = self._clock.now()
            self._waiting.append(f"id: {self._after}\n: still here\n\n".encode())
        else:
            self._clock.wait(LOOK_SECONDS)
        return True

    def close(self) -> None:
        """End."""
        self._ends = 0.0
        self._slots.give_back(self._token.user_id)


def piece(event: Event) -> bytes:
    """One event as the protocol has it. JSON holds no line end, so nothing in it can begin another field."""
    data = msgspec.json.encode(shown(event)).decode()
    kind = "".join(character for character in event.kind if character.isalnum() or character in "-_ ")
    return f"id: {event.pk}\nevent: {kind}\ndata: {data}\n\n".encode()
