"""What this app does in the background: delivers events."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.streams.delivering import deliver

CHORES: list[Callable[[], bool]] = [deliver]
