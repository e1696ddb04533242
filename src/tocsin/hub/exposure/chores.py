"""What this app does in the background: false positives end."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.exposure.services import expire

CHORES: list[Callable[[], bool]] = [expire]
