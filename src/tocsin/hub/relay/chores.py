"""What this app does in the background: keeps slices up to date, and follows its messages."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.relay.reporting import follow
from tocsin.hub.relay.slicing import carry

CHORES: list[Callable[[], bool]] = [carry, follow]
