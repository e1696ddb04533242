"""Let a batch go: by a named person, by two where it is large; in a random order if one was asked for."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices.models import Batch, Delivery, Notice
from tocsin.hub.outbox.services import cancel as cancel_messages
from tocsin.hub.rules import trial
from tocsin.hub.rules.notices import TROUBLED, BatchState, Kind, State, people_needed
from tocsin.hub.rules.words import OPEN

PIECE = 500
CHANGED = "this plan is not the one that you looked at; look again"


def approve(batch: Batch, *, by: User, digest: str, now: datetime | None = None) -> Batch:
    """Approve the plan that has this digest. With enough people, its messages may go from now on.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: it is not planned, the plan has changed, or the same person approved before.
    """
    if not by.writes:
        raise PermissionDenied
    moment = now or timezone.now()
    with writing():
        locked = Batch.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=batch.pk)
        if locked.state != BatchState.PLANNED or locked.digest != digest:
            raise UsageFault(CHANGED)
        _name(locked, by, moment)
        if _people(locked) >= people_needed(int(locked.counts.get("notices", 0))):
            _release(locked, moment)
        locked.save()
        record("batch approved", f"batch:{locked.pk}", by=by, digest=digest, released=bool(locked.released))
    return locked


def _name(batch: Batch, by: User, now: datetime) -> None:
    if by.pk in {batch.approved_by_id, batch.seconded_by_id}:
        raise UsageFault("you have approved this batch already", remedy="Ask a colleague to look at it too.")
    if batch.approved_by_id is None:
        batch.approved_by, batch.approved = by, now
    else:
        batch.seconded_by, batch.seconded = by, now


def _people(batch: Batch) -> int:
    return sum(1 for one in (batch.approved_by_id, batch.seconded_by_id) if one is not None)


def _release(batch: Batch, now: datetime) -> None:
    """From now on messages are due: all at once, or as the lot says."""
    batch.state, batch.released = BatchState.APPROVED, now
    waiting = Delivery.objects.filter(notice__batch=batch, state=Delivery.WAITING)
    waiting.update(due=now)
    detail: dict[str, Any] = {"digest": batch.digest, "notices": batch.counts.get("notices", 0)}
    if batch.trial:
        places = _draw(batch)
        batch.trial_digest = trial.digest(places)
        _place(batch, places, now)
        detail |= {"seed": batch.trial_seed, "order": batch.trial_digest, "per_hour": batch.per_hour}
    batch.notices.filter(state=State.PLANNED).update(state=State.SENDING, looked=now)
    _tell(batch, "released", now, detail)


def _draw(batch: Batch) -> tuple[trial.Place, ...]:
    units = units_of(batch)
    if (why := trial.refuse(units, batch.per_hour)) is not None:
        raise UsageFault(f"no random order: {why}", remedy="Approve the batch without it.")
    return trial.assigned(units, seed=batch.trial_seed, per_hour=batch.per_hour)


def _place(batch: Batch, places: Iterable[trial.Place], now: datetime) -> None:
    """Write arms, and when each first message is due."""
    by_notice = {place.notice: place for place in places}
    notices = list(batch.notices.only("pk", "arm"))
    for one in notices:
        one.arm = by_notice[one.pk].arm
    Notice.objects.bulk_update(notices, ["arm"], batch_size=PIECE)
    rows = list(Delivery.objects.filter(notice__batch=batch, state=Delivery.WAITING).only("pk", "notice_id"))
    for row in rows:
        row.due = now + by_notice[row.notice_id].wait
    Delivery.objects.bulk_update(rows, ["due"], batch_size=PIECE)


def units_of(batch: Batch) -> list[trial.Unit]:
    """The notices of a batch as the lot takes them, with what is suspected and ordered as of now."""
    grave = _owners(Standing.objects.filter(compromise__in=list(TROUBLED)))
    grave |= _owners(Standing.objects.filter(shell_seen__isnull=False))
    directed = _owners(Standing.objects.filter(due__isnull=False, exposure__in=list(OPEN)))
    directed |= set(
        Notice.objects.filter(kind=Kind.DIRECTIVE, state__in=[State.SENDING, State.NO_ANSWER, State.ANSWERED])
        .order_by()
        .values_list("organisation_id", flat=True)
    )
    return [
        trial.Unit(
            notice=row.pk,
            kind=Kind(row.kind),
            urgency=row.urgency,
            suspected=_suspects(row) or row.organisation_id in grave,
            directed=row.organisation_id in directed,
        )
        for row in batch.notices.order_by("id")
    ]


def _suspects(row: Notice) -> bool:
    return any("suspected" in str(reason) for reason in row.reasons)


def _owners(rows: QuerySet[Standing]) -> set[int]:
    numbers = rows.filter(organisation__isnull=False).order_by().values_list("organisation_id", flat=True)
    return set(numbers.distinct())


def ask_trial(batch: Batch, *, by: User, per_hour: int) -> None:
    """Ask for a random order of sending; the approval of the batch then approves it too.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: the batch is not planned or was approved, or nobody has to wait in it.
    """
    if not by.writes:
        raise PermissionDenied
    with writing():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.state != BatchState.PLANNED or locked.approved_by_id is not None:
            raise UsageFault("a random order is asked for before anybody approves")
        if (why := trial.refuse(units_of(locked), per_hour)) is not None:
            raise UsageFault(f"no random order: {why}")
        locked.trial, locked.trial_by, locked.per_hour = True, by, per_hour
        locked.trial_seed = secrets.token_hex(16)
        locked.save()
        record("random order approved", f"batch:{locked.pk}", by=by, per_hour=per_hour)


def stop_trial(batch: Batch, reason: str, now: datetime) -> None:
    """Let everybody who still waits be told at once. Inside `writing`."""
    rows = Delivery.objects.filter(notice__batch=batch, state=Delivery.WAITING, due__gt=now)
    freed = rows.update(due=now)
    Batch.objects.filter(pk=batch.pk).update(trial_stopped=now, trial_reason=reason[:300])
    _tell(batch, "random order ended", now, {"reason": reason, "told at once": freed})


def cancel(batch: Batch, *, by: User, reason: str, now: datetime | None = None) -> int:
    """Stop a batch: what has not left is not sent. Gives how many messages that is.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: no reason is given, or it is over.
    """
    if not by.writes:
        raise PermissionDenied
    if not reason.strip():
        raise UsageFault("cancelling needs a reason")
    moment = now or timezone.now()
    with writing():
        locked = Batch.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=batch.pk)
        if locked.state in {BatchState.CANCELLED, BatchState.DONE}:
            raise UsageFault("this batch is over")
        mine = Delivery.objects.filter(notice__batch=locked)
        called_back = cancel_messages(mine.filter(state=Delivery.QUEUED).values_list("key", flat=True), by)
        stopped = mine.filter(state__in=[Delivery.WAITING, Delivery.HELD]).update(state=Delivery.CANCELLED)
        locked.notices.filter(told=None, state__in=[State.PLANNED, State.SENDING]).update(
            state=State.CANCELLED
        )
        locked.state = BatchState.CANCELLED
        locked.save(update_fields=["state"])
        record("batch cancelled", f"batch:{locked.pk}", by=by, reason=reason[:500])
        _tell(locked, "cancelled", moment, {"reason": reason[:500]})
    return called_back + stopped


def _tell(batch: Batch, after: str, now: datetime, detail: dict[str, Any]) -> None:
    append(
        [
            Change(
                at=now,
                kind="batch",
                subject=f"batch:{batch.pk}",
                actor="notices",
                campaign=batch.campaign.key,
                after=after,
                detail=detail,
            )
        ]
    )


def tally(batch: Batch, now: datetime) -> trial.Tally:
    """How a trial stands: who was told, who waits, and how many of each somebody broke into since."""
    released = batch.released or now
    taking_part = batch.notices.filter(arm__isnull=False)
    waits = Delivery.objects.filter(notice__batch=batch, state=Delivery.WAITING, due__gt=now)
    waiting = set(waits.filter(notice__arm__isnull=False).values_list("notice_id", flat=True))
    since = (released - timedelta(days=1)).date()
    harmed = set(
        taking_part.filter(
            organisation__standings__compromise__in=list(TROUBLED),
            organisation__standings__compromise_since__gt=since,
        ).values_list("pk", flat=True)
    )
    return trial.Tally(
        told=taking_part.count() - len(waiting),
        waiting=len(waiting),
        harmed_told=len(harmed - waiting),
        harmed_waiting=len(harmed & waiting),
        since=now - released,
    )
