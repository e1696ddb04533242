"""What is done in the background: mail to subscribers, signatures of documents."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.advisories.signing import sign
from tocsin.hub.advisories.subscriptions import mail

CHORES: list[Callable[[], bool]] = [mail, sign]
