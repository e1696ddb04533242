"""How often: fixed windows, counted in the cache that all processes share."""

from __future__ import annotations

import hashlib
import time

from django.core.cache import cache


def within(what: str, most: int, *, seconds: int) -> bool:
    """Count once more, and tell whether that is still within ``most`` in this window.

    Two requests at the same instant may count as one: a limit holds back a flood, it is no lock.
    """
    window = int(time.time()) // seconds
    key = f"limit:{hashlib.sha256(f'{window} {what}'.encode()).hexdigest()}"
    if cache.add(key, 1, timeout=seconds * 2):
        return most >= 1
    try:
        return cache.incr(key) <= most
    except ValueError:  # it expired in between
        return True
