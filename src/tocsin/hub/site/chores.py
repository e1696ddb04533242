"""Work that nobody waits for: imports, counts, expiry, mail. The rows are the queue.

A chore looks in the database for work, does one bounded piece of it in a transaction, and says whether it
found any. Killed at any moment, it loses the piece that it was at and nothing else: the row still says what
is to be done. So there is no broker and no second list of jobs that could disagree with the first (ADR 0020).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections

from tocsin.hub.lists.parts import modules
from tocsin.hub.site import retention

IDLE_SECONDS = 1.0

Chore = Callable[[], bool]
log = logging.getLogger(__name__)


def all_chores() -> list[Chore]:
    """Every app's chores (``CHORES`` in its ``chores`` module), in the order in which data flows."""
    found = [chore for module in modules("chores") for chore in module.CHORES]
    return [*found, *retention.CHORES]


def work_off(chores: list[Chore]) -> int:
    """Do chores in turn until none finds work. Gives how many pieces were done."""
    done = 0
    while found := sum(_one(chore) for chore in chores):
        done += found
    return done


def work(stop: threading.Event) -> None:
    """Do chores until told to stop."""
    chores = all_chores()
    while not stop.is_set():
        found = sum(_one(chore) for chore in chores)
        if not found:
            stop.wait(IDLE_SECONDS)


def _one(chore: Chore) -> bool:
    """One piece of one chore; a failing chore is logged and does not stop the others."""
    close_old_connections()
    try:
        return chore()
    except Exception:  # the worker outlives its work; each chore records its own failures in its rows
        log.exception("chore %s failed", getattr(chore, "__qualname__", chore))
        return False
