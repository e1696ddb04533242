"""While messages wait: mail with findings is called back where compromise has come to be suspected.

And a random order of sending is stopped where it would do harm.
"""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from tocsin.hub.cases.models import Case
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices import approving
from tocsin.hub.notices.following import WAITING
from tocsin.hub.notices.models import Batch, Delivery
from tocsin.hub.outbox import services as outbox
from tocsin.hub.rules import trial
from tocsin.hub.rules.cases import OPEN as OPEN_CASES
from tocsin.hub.rules.notices import TROUBLED, BatchState
from tocsin.hub.rules.secrecy import READ_BY_INTRUDERS, Say

CHUNK = 100
GUARD_SECONDS = 20


def guard_some(now: datetime | None = None) -> bool:
    """The chore: call mail with findings back where compromise was not suspected when it was queued."""
    if not cache.add("notices-guarded", 1, timeout=GUARD_SECONDS):
        return False
    return bool(guard(now or timezone.now()))


def guard(now: datetime) -> int:
    """Call such mail back and send the reference in its place. Gives how many messages were called back."""
    grave = Standing.objects.filter(compromise__in=list(TROUBLED)).order_by().values("organisation_id")
    open_cases = Case.objects.filter(state__in=[one.value for one in OPEN_CASES]).order_by()
    troubled = Q(notice__organisation_id__in=grave) | Q(
        notice__organisation_id__in=open_cases.filter(organisation__isnull=False).values("organisation_id")
    )
    rows = (
        Delivery.objects.filter(
            troubled,
            state=Delivery.QUEUED,
            say=Say.EVERYTHING,
            channel__in=list(READ_BY_INTRUDERS),
            message__state__in=WAITING,
        )
        .select_related("notice__batch__campaign", "notice__organisation", "contact", "message")
        .order_by("id")[:CHUNK]
    )
    with writing():
        return sum(_replaced(row, now) for row in rows)


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
