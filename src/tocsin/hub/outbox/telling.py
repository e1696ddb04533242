"""Tell the chain of events what became of messages: in bulk, after the fact, each state once.

Of those that have ended, what opens pages of the hub is forgotten at the same time.
"""

from __future__ import annotations

from datetime import datetime

from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.retention import ENDED
from tocsin.hub.outbox.shown import own_headers, text_of
from tocsin.hub.rules.sending import TOLD

PIECE = 500


def tell() -> bool:
    """Append what became of some messages to the chain. Tells whether there were any."""
    untold = Message.objects.filter(told=False, state__in=TOLD)
    if not untold.exists():
        return False
    with writing():
        rows = list(untold.select_for_update().order_by("pk")[:PIECE])
        append([_change(row) for row in rows])
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(told=True)
        _forget([row for row in rows if row.state in ENDED])
    return True


def _forget(rows: list[Message]) -> None:
    """What opens pages goes out of messages that have ended: their receivers have it, nobody else needs."""
    changed = []
    for row in rows:
        text, headers = text_of(row), own_headers(row)
        if (text, headers) != (row.text, row.headers):
            row.text, row.headers = text, headers
            changed.append(row)
    Message.objects.bulk_update(changed, ["text", "headers"], batch_size=100)


def _change(row: Message) -> Change:
    """What is told: no address and no text, so that the chain may be kept when messages are removed."""
    owner = f"organisation:{row.organisation_id}" if row.organisation_id else f"message:{row.pk}"
    return Change(
        at=_when(row),
        kind="message",
        subject=owner,
        actor="outbox",
        after=row.state,
        detail={
            "message": row.pk,
            "message_id": row.message_id,
            "channel": row.channel,
            "purpose": row.purpose,
        },
    )


def _when(row: Message) -> datetime:
    moments = [moment for moment in (row.answered, row.sent, row.began, row.created) if moment]
    return moments[0]
