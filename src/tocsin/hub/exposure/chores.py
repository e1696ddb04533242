"""What this app does in the background: false positives end, servers follow claims and a pack's new facts."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.exposure.refolding import refold
from tocsin.hub.exposure.rematching import rematch
from tocsin.hub.exposure.services import expire

CHORES: list[Callable[[], bool]] = [expire, rematch, refold]
