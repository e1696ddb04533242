"""What is tidied in the background: files in quarantine that nobody holds."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache
from django.utils import timezone

from tocsin.hub.lists import quarantine

DAY = 24 * 60 * 60


def sweep_quarantine() -> bool:
    """Once a day: remove files that no row names. It never asks to be called again at once."""
    if cache.add("quarantine-swept", 1, timeout=DAY):
        quarantine.sweep(timezone.now())
    return False


CHORES: list[Callable[[], bool]] = [sweep_quarantine]
