"""What this app does in the background: it sends."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.outbox.sending import send_mail

CHORES: list[Callable[[], bool]] = [send_mail]
