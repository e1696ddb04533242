"""Makers of messages, and of everything that mail needs: keys, settings, a mail server on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.services import Attachment, Channel, Draft, Purpose, queue

NOW = datetime(2021, 3, 4, 10, tzinfo=UTC)
_numbers = count(1)


def draft(**rest: Any) -> Draft:
    """A draft of an e-mail."""
    fields = {
        "key": f"test {next(_numbers)}",
        "channel": Channel.EMAIL,
        "address": "security@contoso.example",
        "purpose": Purpose.NOTICE,
        "subject": "Your server is open to attack",
        "text": "What we saw.\n\nWhat to do.\n",
        **rest,
    }
    return Draft(**fields)


def message(**rest: Any) -> Message:
    """A queued message."""
    state = rest.pop("state", None)
    number = queue([draft(**rest)], now=NOW)[0]
    if state:
        Message.objects.filter(pk=number).update(state=state, began=NOW)
    return Message.objects.get(pk=number)


def attachment(name: str = "report.json", content: bytes = b"{}") -> Attachment:
    """A file that goes along."""
    return Attachment(name=name, media_type="application/json", content=content)
