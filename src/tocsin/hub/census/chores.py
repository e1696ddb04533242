"""What this app does in the background."""

from __future__ import annotations

from collections.abc import Callable

CHORES: list[Callable[[], bool]] = []
