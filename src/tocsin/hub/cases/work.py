"""Work on cases: who takes them, by when, what is written on them. No state moves here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act, User
from tocsin.hub.cases.models import Case, Comment, EvidenceLink
from tocsin.hub.cases.selectors import visible_to
from tocsin.hub.cases.services import MOST_AT_ONCE
from tocsin.hub.rules.cases import CLOSED

LONGEST_COMMENT = 10_000


@transaction.atomic
def assign(cases: Sequence[int], *, by: User, to: User | None) -> None:
    """Give cases to somebody who may work on them, or to nobody.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
        UsageFault: the other one may not work on cases, or has left.
    """
    _may(by, cases)
    if to is not None and not (to.writes and to.is_active):
        raise UsageFault("cases are given to analysts and administrators")
    Case.objects.filter(pk__in=cases).update(assignee=to)
    _record("case assigned", cases, by, to=to.pk if to else None)


@transaction.atomic
def set_due(cases: Sequence[int], *, by: User, day: date | None) -> None:
    """Set by when cases are to be closed, or take that away. Accepted risks keep their day.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
    """
    _may(by, cases)
    today = timezone.now().date()
    open_ = Case.objects.filter(pk__in=cases).exclude(state__in=CLOSED)
    open_.update(due=day, overdue=day is not None and day < today)
    _record("case due", cases, by, day=day.isoformat() if day else None)


@transaction.atomic
def comment(cases: Sequence[int], *, by: User, text: str) -> None:
    """Write the same on some cases, as plain text.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
        UsageFault: there is nothing to write, or too much.
    """
    _may(by, cases)
    text = text.strip()
    if not 0 < len(text) <= LONGEST_COMMENT:
        raise UsageFault(f"a comment has 1 to {LONGEST_COMMENT:,} characters")
    now = timezone.now()
    Comment.objects.bulk_create([Comment(case_id=case, by=by, at=now, text=text) for case in cases])
    _record("case commented", cases, by)


@transaction.atomic
def add_link(cases: Sequence[int], *, by: User, label: str, place: str) -> None:
    """Keep where something about some cases is held; what is kept already is left.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
        UsageFault: it names no place.
    """
    _may(by, cases)
    label, place = label.strip()[:200], place.strip()[:500]
    if not place:
        raise UsageFault("say where it is held: a digest, a ticket, a file and line")
    rows = [EvidenceLink(case_id=case, by=by, label=label or "evidence", place=place) for case in cases]
    EvidenceLink.objects.bulk_create(rows, ignore_conflicts=True)
    _record("case linked", cases, by, place=place)


@transaction.atomic
def ask_notice(cases: Sequence[int], *, by: User) -> None:
    """Mark open cases, so that their owners are told: notices take the marks up.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
    """
    _may(by, cases)
    Case.objects.filter(pk__in=cases).exclude(state__in=CLOSED).update(notify=True)
    _record("case notice asked", cases, by)


def _may(by: User, cases: Sequence[int]) -> None:
    if not by.writes:
        raise PermissionDenied
    if not 0 < len(cases) <= MOST_AT_ONCE or len(set(cases)) != len(cases):
        raise UsageFault(f"this is done to 1 to {MOST_AT_ONCE:,} cases, each once")
    if visible_to(by).filter(pk__in=cases).count() != len(cases):
        raise PermissionDenied


def _record(kind: str, cases: Sequence[int], by: User, **detail: object) -> None:
    Act.objects.bulk_create(
        [Act(by=by, actor=by.email, kind=kind, subject=f"case:{case}", detail=detail) for case in cases]
    )
