"""How much an importer writes in one transaction, so that others who write wait for milliseconds.

SQLite has one writer. What a transaction takes depends on the machine and on who else works there, so it is
measured: the next piece is as big as fits the time that others may be kept waiting. Whoever waits asks again
after 1, 2, 5, 10, 15, 20 and 25 milliseconds (SQLite's busy handler), so a pause after a long transaction is
longer, too: a short one would be slept through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tocsin.hub.census.bulk import writing

LEAST, MOST = 80, 250
"""Rows in one transaction."""
HELD = 0.02
"""Seconds that a transaction should take."""
SHORTEST, LONGEST = 0.005, 0.03
"""Seconds between transactions."""


class Pace:
    """One importer's: ``rows`` is how much to write next."""

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Begin with the most."""
        self.rows = MOST
        self._held = 0.0
        self._clock = clock
        self._sleep = sleep

    @contextmanager
    def writing(self) -> Iterator[None]:
        """`bulk.writing`, measured from the moment on which the lock is had."""
        with writing():
            began = self._clock()
            yield
        self.took(self._clock() - began)

    def took(self, seconds: float) -> None:
        """A transaction held the lock so long: shrink or grow, at most by half or to the double."""
        self._held = seconds
        wanted = int(self.rows * HELD / max(seconds, 1e-6))
        self.rows = max(LEAST, min(MOST, wanted, self.rows * 2), min(self.rows // 2, MOST))

    def pause(self) -> None:
        """Let others write, the longer the longer they were kept waiting."""
        self._sleep(max(SHORTEST, min(LONGEST, self._held)))
