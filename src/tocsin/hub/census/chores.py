"""What this app does in the background: imports."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.census.services import run_next

CHORES: list[Callable[[], bool]] = [run_next]
