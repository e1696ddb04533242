"""What this app does in the background: it sends, takes in what comes back, and tells the chain of events."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.outbox.returns import watch
from tocsin.hub.outbox.sending import send_mail
from tocsin.hub.outbox.telling import tell
from tocsin.hub.outbox.webhooks import send_webhooks

CHORES: list[Callable[[], bool]] = [send_mail, send_webhooks, watch, tell]
