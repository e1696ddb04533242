"""Chores that walk over much and rarely find anything: they wait until something has happened."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache
from django.utils import timezone

from tocsin.hub.exposure.models import Event

SECONDS = 60
"""Such a walk is not repeated within this time while no event was recorded."""


def seldom(chore: Callable[[], bool]) -> Callable[[], bool]:
    """Give a chore that, once it found nothing, waits for the next event, day or minute."""

    def at_times() -> bool:
        newest = Event.objects.order_by("-id").values_list("id", flat=True).first()
        done = f"seldom:{chore.__module__}.{chore.__name__}:{newest}:{timezone.now().date()}"
        if cache.get(done):
            return False
        found = chore()
        if not found:
            cache.set(done, 1, timeout=SECONDS)
        return found

    return at_times
