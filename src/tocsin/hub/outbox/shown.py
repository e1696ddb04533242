"""What pages show of messages and of the ways out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.outbox import selectors
from tocsin.hub.outbox.by_hand import last_hold
from tocsin.hub.outbox.models import Message, Outage
from tocsin.hub.outbox.surroundings import known, setup
from tocsin.hub.outbox.wire import as_mail
from tocsin.hub.rules.links import without_secrets
from tocsin.hub.rules.words import Channel


def standing(user: User) -> dict[str, Any]:
    """How the outbox stands: held or not, which ways are shut, what wants somebody's eye."""
    counts = selectors.counts(user)
    return {
        "hold": last_hold(),
        "outages": list(Outage.objects.filter(until__gt=timezone.now())),
        "doubtful": counts.get("in-doubt", 0),
        "queued": counts.get("queued", 0),
        "kept_back": counts.get("held", 0),
        "sends": _sends(),
    }


def _sends() -> str:
    """The mail server that is set up, or why there is none."""
    try:
        server = setup().server
    except UsageFault as fault:
        return str(fault)
    return f"{server.host}:{server.port}" if server else ""


def text_of(message: Message) -> str:
    """The text, without what opens pages: who may look at a message may not act as its receiver by that."""
    return without_secrets(message.text, settings.PUBLIC_URL)


def own_headers(message: Message) -> dict[str, str]:
    """The headers that a message brought along, without what opens pages."""
    return {name: without_secrets(value, settings.PUBLIC_URL) for name, value in message.headers.items()}


def headers(message: Message) -> list[tuple[str, str]]:
    """The headers of an e-mail, as its reader sees them but for secrets; none for other channels."""
    if message.channel != Channel.EMAIL:
        return []
    mail = as_mail(message, known(), ())
    found = [
        ("From", f"{mail.name} <{mail.sender}>" if mail.sender else ""),
        ("To", mail.to),
        ("Subject", mail.subject),
        ("Message-ID", mail.message_id),
        ("Reply-To", mail.reply_to),
        ("List-Id", f"<{mail.list_id}>" if mail.list_id else ""),
        ("Content-Language", mail.language),
        *own_headers(message).items(),
    ]
    return [(name, value) for name, value in found if value]
