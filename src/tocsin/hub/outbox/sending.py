"""The chore that sends e-mail: a bounded piece of the queue, most urgent first."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.census.lease import lease
from tocsin.hub.lists.parts import modules
from tocsin.hub.outbox import outcomes
from tocsin.hub.outbox.lanes import SMTP, Lane, Work
from tocsin.hub.outbox.models import Enclosure, Message
from tocsin.hub.outbox.surroundings import Post, post, setup
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.mail_setup import MailSetup
from tocsin.hub.rules.sending import MINUTE, Pace, quiet_until
from tocsin.hub.rules.words import Channel

PIECE = 500
"""Messages that are looked at in one piece."""

SECONDS = 10.0
"""For how long a piece begins messages; other chores wait meanwhile."""

LOCK = ("mail.lock", 7_406_003)
"""Name of the lease's file, and its number on PostgreSQL: one process sends at a time."""


def send_mail(now: datetime | None = None) -> bool:
    """Send some of what is due. Gives whether there was anything to do.

    Settings or keys that make no sense shut the way out for a while, and pages say why; nothing is lost.
    """
    moment = now or timezone.now()
    if outcomes.way_is_shut(SMTP, moment) or not (_due(moment).exists() or _is_unfinished()):
        return False
    try:
        if setup().server is None or outcomes.is_held():
            return False
        with lease(*LOCK) as held:
            return held and _piece(moment, post())
    except (UsageFault, EnvironmentFault) as fault:
        outcomes.shut(SMTP, str(fault), moment)
        return True


def _is_unfinished() -> bool:
    return Message.objects.filter(state=State.SENDING).exists()


def _due(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(channel=Channel.EMAIL, state=State.QUEUED, not_before__lte=now)


def _piece(now: datetime, ways: Post) -> bool:
    doubtful = outcomes.doubt_unfinished()
    rows = list(
        _due(now).select_related("contact", "organisation").order_by("urgency", "not_before", "pk")[:PIECE]
    )
    ready, waiting = _sorted(rows, ways.setup, now)
    outcomes.postpone(waiting)
    if ready:
        last_look(ready)
        _send(ready, ways, now)
    return bool(rows or doubtful)


def last_look(rows: Sequence[Message]) -> None:
    """Let whoever wrote these messages look once more before they go: what is cancelled now is not sent.

    Messages wait: for the morning, for another try, for somebody who settles a doubt. What was right when
    they were queued may be wrong by now. An app that cares has a module ``last_look`` with ``look``.
    """
    numbers = [row.pk for row in rows]
    for module in modules("last_look"):
        module.look(numbers)


def _sorted(
    rows: list[Message], given: MailSetup, now: datetime
) -> tuple[list[Message], list[tuple[Message, datetime]]]:
    """What may go now, and what waits for a morning or for its domain's turn."""
    pace = _pace(rows, given, now)
    ready, waiting = list[Message](), list[tuple[Message, datetime]]()
    for row in rows:
        country = row.organisation.country if row.organisation else ""
        until = quiet_until(now, row.purpose, country, given.quiet) or pace.ask(row.domain, now)
        if until is None:
            ready.append(row)
        else:
            waiting.append((row, until))
    return ready, waiting


def _pace(rows: list[Message], given: MailSetup, now: datetime) -> Pace:
    """What each of their domains was sent in the last minute."""
    pace = Pace(given.per_domain)
    named = {row.domain for row in rows}
    recent = Message.objects.filter(began__gt=now - MINUTE, domain__in=named).order_by("began")
    for domain, at in recent.values_list("domain", "began"):
        if at is not None:
            pace.note(domain, at)
    return pace


def _send(rows: list[Message], ways: Post, now: datetime) -> None:
    enclosed = Enclosure.objects.filter(message__in=[row.pk for row in rows])
    work = Work(
        ways,
        deque(rows),
        frozenset(enclosed.values_list("message_id", flat=True)),
        time.monotonic() + SECONDS,
    )
    lanes = [Lane(work) for _ in range(min(ways.setup.lanes, len(rows)))]
    _run(lanes)
    taken = any(lane.taken for lane in lanes)
    shut = next((why for lane in lanes if (why := lane.shut or ("" if taken else lane.no_way))), "")
    if shut:
        outcomes.shut(SMTP, shut, now)
    elif taken:
        outcomes.reopen(SMTP)


def _run(lanes: list[Lane]) -> None:
    if len(lanes) == 1:
        lanes[0].run()
        return
    threads = [threading.Thread(target=lane.run_in_thread, daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
