"""Bulk exports by two people: one asks and says why, another approves, and the first fetches it once or more.

A list of all victims is what an intruder would come for, so one stolen account must not be enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import ExportRequest, User
from tocsin.hub.accounts.services import record
from tocsin.hub.lists.kept import Export
from tocsin.hub.lists.parts import modules
from tocsin.hub.rules.cells import as_csv

FETCHED_WITHIN = timedelta(hours=24)


def all_exports() -> dict[str, Export]:
    """What every app declares, by kind."""
    found = (export for module in modules("exports") for export in module.EXPORTS)
    return {export.kind: export for export in found}


@transaction.atomic
def ask(kind: str, reason: str, *, by: User) -> ExportRequest:
    """Ask for an export.

    Raises:
        UsageFault: there is no such kind, or no reason was given.
    """
    if kind not in all_exports() or not reason.strip():
        raise UsageFault("name a kind of export and a reason")
    request = ExportRequest.objects.create(kind=kind, reason=reason.strip(), asked_by=by)
    record("export asked", f"export:{request.pk}", by=by, kind=kind, reason=request.reason)
    return request


@transaction.atomic
def decide(request: ExportRequest, *, by: User, yes: bool) -> None:
    """Approve or refuse, as another person than the one who asked.

    Raises:
        UsageFault: it is the same person, who may write no longer, or it was decided before.
    """
    if by.pk == request.asked_by_id or not by.writes:
        raise UsageFault("a bulk export needs a second person", remedy="Ask a colleague to approve it.")
    now = timezone.now()
    change = (
        {"approved_by": by, "approved": now, "expires": now + FETCHED_WITHIN} if yes else {"refused": now}
    )
    if not ExportRequest.objects.filter(pk=request.pk, approved=None, refused=None).update(**change):
        raise UsageFault("this was decided before")
    record("export approved" if yes else "export refused", f"export:{request.pk}", by=by)


def ready(request: ExportRequest, user: User, now: datetime | None = None) -> bool:
    """Whether this person may fetch it now: he asked, another approved, and it is not too late."""
    mine = request.asked_by_id == user.pk and user.writes
    return mine and request.expires is not None and (now or timezone.now()) < request.expires


def lines(request: ExportRequest, user: User) -> Iterator[str]:
    """The export as lines of CSV; fetching it is recorded first."""
    export = all_exports()[request.kind]
    record("export fetched", f"export:{request.pk}", by=user, kind=request.kind)
    return as_csv(export.header, export.rows(user))
