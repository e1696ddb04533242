"""Send messages to webhooks: one POST each, to an address that is checked and then kept to."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tocsin import __version__
from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.census.lease import lease
from tocsin.hub.outbox import outcomes
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.sending import LOCK, last_look
from tocsin.hub.outbox.surroundings import Post, post
from tocsin.hub.outbox.wire import attachments_of
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.mail_setup import Network
from tocsin.hub.rules.mail_web import SIGNATURE, Target, body, key_of, permitted, signature, target
from tocsin.hub.rules.sending import Outcome, Phase, later, lost
from tocsin.hub.rules.words import Bounce, Channel

WEBHOOKS = "webhooks"
PIECE = 10
STEP_SECONDS = 10
LONGEST_ANSWER = 300
TAKEN = Outcome(state=State.DELIVERED)
LATER = frozenset({408, 425, 429})


class Pinned(http.client.HTTPSConnection):
    """A connection to one address that was checked; the certificate is still that of the name."""

    def __init__(self, where: Target, address: str, context: ssl.SSLContext) -> None:
        """Nothing is opened yet."""
        super().__init__(where.host, where.port, timeout=STEP_SECONDS, context=context)
        self._address, self._tls, self._where = address, context, where

    def connect(self) -> None:
        """Connect to the address, whatever the name leads to by now."""
        plain = socket.create_connection((self._address, self._where.port), timeout=STEP_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._where.host)


def send_webhooks(now: datetime | None = None) -> bool:
    """Send some of what is due to webhooks. Gives whether there was anything to do.

    Settings that make no sense shut this way out for a while, and pages say why.
    """
    moment = now or timezone.now()
    due = Message.objects.filter(channel=Channel.WEBHOOK, state=State.QUEUED, not_before__lte=moment)
    if not due.exists() or outcomes.is_held() or outcomes.way_is_shut(WEBHOOKS, moment):
        return False
    try:
        with lease(*LOCK) as held:
            return held and _piece(due, post())
    except (UsageFault, EnvironmentFault) as fault:
        outcomes.shut(WEBHOOKS, str(fault), moment)
        return True


def _piece(due: QuerySet[Message], ways: Post) -> bool:
    outcomes.doubt_unfinished()
    rows = list(due.order_by("urgency", "not_before", "pk")[:PIECE])
    last_look(rows)
    for row in rows:
        _send(row, ways)
    outcomes.reopen(WEBHOOKS)
    return True


def _send(row: Message, ways: Post) -> None:
    try:
        where = target(row.address)
        addresses = resolved(where, ways.setup.webhook_networks)
    except UsageFault as fault:
        outcomes.unsendable(row, str(fault))
        return
    with transaction.atomic():
        if not outcomes.claim(row, timezone.now()):
            return
    outcome = _posted(row, where, addresses, ways.tls)
    with transaction.atomic():
        outcomes.finish(row, outcome, timezone.now())


def resolved(where: Target, allowed: Sequence[Network]) -> list[str]:
    """The addresses of a host, all of which the hub may connect to; none if it has none now.

    Raises:
        UsageFault: one of them is no public address.
    """
    try:
        found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        if not permitted(address, allowed):
            remedy = "If it is meant, name its network in TOCSIN_HUB_WEBHOOK_NETWORKS."
            raise UsageFault(f"{where.host} is {address}, no public address", remedy=remedy)
    return addresses


def _posted(row: Message, where: Target, addresses: list[str], tls: ssl.SSLContext) -> Outcome:
    if not addresses:
        return later(row.tries, f"{where.host} has no address")
    connection = Pinned(where, addresses[0], tls)
    content, moment = _content(row), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Tocsin/{__version__}",
        SIGNATURE: signature(key_of(row.address, settings.SECRET_KEY), moment, content),
    }
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        return later(row.tries, str(error))
    return _answer(connection, where, content, headers, row.tries)


def _answer(
    connection: Pinned, where: Target, content: bytes, headers: dict[str, str], tries: int
) -> Outcome:
    try:
        connection.request("POST", where.path, body=content, headers=headers)
        answer = connection.getresponse()
        says = f"{answer.status} {answer.read(LONGEST_ANSWER).decode('utf-8', 'replace')}"
    except (OSError, http.client.HTTPException) as error:
        return lost(Phase.BODY, tries, str(error))
    finally:
        connection.close()
    return _judged(answer.status, says, tries)


def _judged(status: int, says: str, tries: int) -> Outcome:
    """2xx took it. A redirection is followed nowhere; a server's own trouble passes."""
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's classes
        return TAKEN
    if status >= 500 or status in LATER:  # noqa: PLR2004 - as above
        return later(tries, says)
    bounce = Bounce.HARD if status in {404, 410} else Bounce.SOFT
    return Outcome(state=State.REFUSED, fault=says, bounce=bounce, delay=timedelta())


def _content(row: Message) -> bytes:
    fields = {
        "id": row.message_id,
        "purpose": row.purpose,
        "subject": row.subject,
        "text": row.text,
        "language": row.language,
        "queued": row.created.isoformat(),
    }
    return body(fields, attachments_of(row))
