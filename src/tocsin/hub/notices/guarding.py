"""While messages wait: mail with findings is called back where compromise has come to be suspected.

And a random order of sending is stopped where it would do harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from tocsin.hub.cases.models import Case
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices import approving
from tocsin.hub.notices.models import Batch, Delivery
from tocsin.hub.outbox import services as outbox
from tocsin.hub.rules import trial
from tocsin.hub.rules.cases import OPEN as OPEN_CASES
from tocsin.hub.rules.mail import State as Sent
from tocsin.hub.rules.notices import TROUBLED, BatchState
from tocsin.hub.rules.secrecy import READ_BY_INTRUDERS, Say
from tocsin.hub.rules.words import Compromise

CHUNK = 100
GUARD_SECONDS = 20


def guard_some(now: datetime | None = None) -> bool:
    """The chore: call mail with findings back where compromise was not suspected when it was queued."""
    if not cache.add("notices-guarded", 1, timeout=GUARD_SECONDS):
        return False
    return bool(guard(now or timezone.now()))


def guard(now: datetime, messages: Sequence[int] | None = None) -> int:
    """Call such mail back and send the reference in its place. Gives how many messages were called back.

    ``messages`` narrows it to some. What a person holds stays held: it is looked at when it is let go.
    """
    rows = Delivery.objects.filter(
        _troubled("notice__organisation") | _troubled("contact__organisation"),
        state=Delivery.QUEUED,
        say=Say.EVERYTHING,
        channel__in=list(READ_BY_INTRUDERS),
        message__state=Sent.QUEUED,
    )
    if messages is not None:
        rows = rows.filter(message__in=messages)
    if not rows.exists():
        return 0
    with writing():
        return sum(_replaced(row, now) for row in rows.order_by("id")[:CHUNK])


def _troubled(whose: str) -> Q:
    """Organisations where somebody is or may be inside: no more of them than `affected.affected_of` says.

    A provider counts as well as the owner: he reads the mail about his customer on his own server.
    """
    shell = Q(shell_seen__isnull=False) & ~Q(compromise=Compromise.VERIFIED_CLEAN)
    grave = Standing.objects.filter(Q(compromise__in=list(TROUBLED)) | shell).order_by()
    cases = Case.objects.filter(state__in=[one.value for one in OPEN_CASES]).order_by()
    found = Q()
    for rows in (grave, cases):
        for holder in ("organisation_id", "server__organisation_id"):
            found |= Q(**{f"{whose}_id__in": rows.filter(**{f"{holder}__isnull": False}).values(holder)})
    return found


def _replaced(row: Delivery, now: datetime) -> int:
    if not outbox.cancel([row.key]):
        return 0  # it is being sent, or has gone
    Delivery.objects.filter(pk=row.pk).update(
        state=Delivery.CANCELLED, fault="compromise came to be suspected"
    )
    row.pk = None
    row._state.adding = True  # noqa: SLF001 - Django's documented way to copy a row
    row.key = f"{row.key}:less"[:120]
    row.state, row.due, row.queued, row.message = Delivery.WAITING, now, None, None
    row.save(force_insert=True)
    return 1


def watch_trials(now: datetime | None = None) -> bool:
    """The chore: free whoever should wait no longer, and stop random orders by their rule."""
    moment = now or timezone.now()
    rows = Batch.objects.filter(
        state=BatchState.APPROVED, trial=True, trial_stopped=None, released__isnull=False
    )
    if not cache.add("notices-trials-watched", 1, timeout=GUARD_SECONDS):
        return False
    return sum(watch(batch, moment) for batch in rows.select_related("campaign")) > 0


def watch(batch: Batch, now: datetime) -> bool:
    """Look at one random order. Gives whether anybody was freed, or the whole stopped."""
    with writing():
        waits = Delivery.objects.filter(notice__batch=batch, state=Delivery.WAITING, due__gt=now)
        unfit = [unit.notice for unit in approving.units_of(batch) if not trial.eligible(unit)]
        freed = waits.filter(notice_id__in=unfit).update(due=now) if unfit else 0
        why = trial.stop(approving.tally(batch, now))
        if why is not None:
            approving.stop_trial(batch, why, now)
    return bool(freed) or why is not None
