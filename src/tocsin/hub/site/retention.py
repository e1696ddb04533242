"""Remove what has been kept for its time: one bounded piece at a time, once a day for each kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tocsin.hub.accounts.models import Retention, User
from tocsin.hub.accounts.services import record
from tocsin.hub.lists.kept import Kept
from tocsin.hub.lists.parts import modules

PIECE = 2_000
EVERY = timedelta(days=1)


class Rule(NamedTuple):
    """A kind, for how long it is kept here, and when it was last tidied."""

    kept: Kept
    days: int | None
    last_run: datetime | None
    last_removed: int


def all_kept() -> list[Kept]:
    """What every app declares."""
    return [kept for module in modules("retention") for kept in module.KEPT]


def rules() -> list[Rule]:
    """Every kind with what the operator set, or its default."""
    rows = {row.kind: row for row in Retention.objects.all()}
    return [_rule(kept, rows.get(kept.kind)) for kept in all_kept()]


def _rule(kept: Kept, row: Retention | None) -> Rule:
    if row is None:
        return Rule(kept, kept.days, None, 0)
    return Rule(kept, row.days, row.last_run, row.last_removed)


@transaction.atomic
def keep_for(kind: str, days: int | None, *, by: User | None) -> None:
    """Keep a kind of record for so many days from now on; None for ever."""
    before = {rule.kept.kind: rule.days for rule in rules()}
    if before[kind] != days:
        Retention.objects.update_or_create(kind=kind, defaults={"days": days})
        record("retention changed", f"retention:{kind}", by=by, before=before[kind], after=days)


def dry_run(now: datetime | None = None) -> dict[str, int]:
    """How many rows of each kind are past their time. Removes nothing."""
    return {rule.kept.kind: _old(rule, now or timezone.now()).count() if rule.days else 0 for rule in rules()}


def _old(rule: Rule, now: datetime) -> QuerySet[Any]:
    return rule.kept.older(now - timedelta(days=rule.days or 0))


def tidy() -> bool:
    """The chore: one piece of the first kind that is due. Tells whether there was any."""
    now = timezone.now()
    due = (rule for rule in rules() if rule.days and (rule.last_run is None or rule.last_run < now - EVERY))
    rule = next(due, None)
    if rule is None:
        return False
    removed = _piece(rule, now)
    _ran(rule, removed, done=removed < PIECE, now=now)
    return True


@transaction.atomic
def _piece(rule: Rule, now: datetime) -> int:
    rows = _old(rule, now)
    numbers = list(rows.values_list("pk", flat=True)[:PIECE])
    rows.model._default_manager.filter(pk__in=numbers).delete()  # noqa: SLF001 - Django's documented way
    return len(numbers)


def _ran(rule: Rule, removed: int, *, done: bool, now: datetime) -> None:
    row, _ = Retention.objects.get_or_create(kind=rule.kept.kind, defaults={"days": rule.days})
    row.last_removed = removed if row.last_run is None else row.last_removed + removed
    if done:
        row.last_run = now
    row.save()


CHORES: list[Callable[[], bool]] = [tidy]
