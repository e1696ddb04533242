"""What is done in the background: mail to subscribers, until they complain; signatures of documents."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.advisories.signing import sign
from tocsin.hub.advisories.subscriptions import end_unwanted, mail

CHORES: list[Callable[[], bool]] = [end_unwanted, mail, sign]
