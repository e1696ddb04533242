"""What this app does in the background: counts, looks, estimates, in that order."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.situation.counting import count_events
from tocsin.hub.situation.estimating import estimate
from tocsin.hub.situation.looking import keep_looks

CHORES: list[Callable[[], bool]] = [count_events, keep_looks, estimate]
