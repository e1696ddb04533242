"""Just before messages leave: those that would tell an intruder something by now are called back."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from tocsin.hub.notices.guarding import guard


def look(messages: Sequence[int]) -> None:
    """Call back what says too much by now of these messages, however they came to be due."""
    while guard(timezone.now(), messages):
        pass
