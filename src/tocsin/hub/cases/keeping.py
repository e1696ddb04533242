"""Keep cases in step: with owners, patches, the risk of the day, and evidence that was taken back."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from tocsin.hub.cases.models import Case
from tocsin.hub.cases.moving import refold
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.models import Standing
from tocsin.hub.rules import piggyback
from tocsin.hub.rules.cases import ALIVE, CLOSED, CaseKind, CaseState

PIECE = 1_000


def follow_owners() -> bool:
    """Give cases to whom their servers belong now. Gives whether there were any to give."""
    differs = ~Q(organisation=F("server__organisation")) | Q(organisation__isnull=True)
    moved = Case.objects.filter(differs, server__organisation__isnull=False)
    lost = Case.objects.filter(server__isnull=False, server__organisation=None, organisation__isnull=False)
    rows = [*moved.select_related("server__organisation")[:PIECE], *lost[:PIECE]]
    for row in rows:
        owner = row.server.organisation if row.server else None
        row.organisation, row.sector = owner, owner.sector if owner else "unknown"
    Case.objects.bulk_update(rows, ["organisation", "sector"], batch_size=200)
    return bool(rows)


def take_back() -> bool:
    """Reopen cases that an assessment closed which was taken back since. Gives whether there were any."""
    gone = Case.objects.filter(
        state=CaseState.VERIFIED_REMOVED, hand_in__decision__superseded_by__isnull=False
    )
    with writing():
        rows = list(gone.select_related("campaign").order_by("id")[:PIECE])
        states = refold([row.pk for row in rows])
        append([_reopened(row, states[row.pk]) for row in rows])
    return bool(rows)


def _reopened(row: Case, state: str) -> Change:
    return Change(
        at=timezone.now(),
        kind="case",
        subject=f"case:{row.pk}",
        actor="cases",
        campaign=row.campaign.key,
        before=row.state,
        after=state,
        detail={"fact": "assessment taken back", "hand_in": row.hand_in_id, "server": row.server_id},
    )


def weigh(today: date | None = None) -> bool:
    """Work out the day's risk of open web shells, and take closed ones out. Gives whether there were any."""
    today = today or timezone.now().date()
    fixed = Standing.objects.filter(
        server=OuterRef("server"), campaign=OuterRef("campaign"), exposure__in=list(piggyback.FIXED)
    )
    open_ = Q(state__in=list(ALIVE | {CaseState.REMOVAL_CLAIMED}), kind=CaseKind.WEBSHELL)
    stale = Q(weighed=None) | Q(risk__gt=0, weighed__lt=today) | ~Q(patched=F("is_fixed"))
    unqueued = Q(second_hand=True, risk=0)
    due = Case.objects.annotate(is_fixed=Exists(fixed)).filter(open_, stale | unqueued)
    same: dict[tuple[bool, int], list[int]] = defaultdict(list)
    for row in due.order_by("id")[:PIECE]:
        row.patched = row.is_fixed
        same[row.patched, piggyback.risk(exposed(row), today).points].append(row.pk)
    for (patched, points), numbers in same.items():
        Case.objects.filter(pk__in=numbers).update(patched=patched, risk=points, weighed=today)
    over = Case.objects.filter(risk__gt=0, state__in=CLOSED).update(risk=0, weighed=None)
    return bool(same or over)


def exposed(case: Case) -> piggyback.Exposed:
    """A case as the rules of the queue take it."""
    return piggyback.Exposed(
        found=case.opened.date(), patched=case.patched, second_hand=case.second_hand, sector=case.sector
    )
