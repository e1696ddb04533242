"""Decide about servers: false positives with an end, retired, disconnected, claims of removal, assessments.

Each decision is a row that is never changed, an event in the chain, and a new fold of the server, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.ingest import CHUNK
from tocsin.hub.census.owners import Ownership
from tocsin.hub.census.settling import plans
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.folding import Folder
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.exposure.proof import Claimed, unproven
from tocsin.hub.exposure.selectors import visible_to
from tocsin.hub.rules.decisions import HEARD, Kind, Proposal, refuse, refuse_heard
from tocsin.hub.rules.words import Compromise, Exposure, Grade

MOST_AT_ONCE = 5_000
"""Servers that one bulk decision may be about."""


class Ruling(Struct, frozen=True, kw_only=True):
    """What is decided about each server of a decision.

    Attributes:
        kind: what is said.
        reason: why, in words; asked of every decision by hand.
        at: when it was so; of an assessment, when its evidence was collected. None for now.
        until: the last day of a false positive.
        grade: how far it carries.
        exposure: what an assessment says.
        compromise: what an assessment shows was done.
        residual: what an assessment says is still there: ``present``, ``none-seen`` or ``unknown``.
        clean: `rules.decisions.objections` had none. Needs ``evidence`` that shows it (`proof`).
        evidence: ``sha256:`` and a digest, or where it is held.
    """

    kind: Kind
    reason: str = ""
    at: datetime | None = None
    until: date | None = None
    grade: Grade = Grade.SELF_REPORTED
    exposure: Exposure | None = None
    compromise: Compromise | None = None
    residual: str = ""
    clean: bool = False
    evidence: str = ""


def decide(*, by: User, campaign: Campaign, servers: Sequence[int], ruling: Ruling) -> list[int]:
    """Decide the same about some servers; all of them or none. Gives the decisions' ids.

    Raises:
        PermissionDenied: the person may not decide, or does not see one of the servers.
        UsageFault: the decision cannot be made as it stands, with the reason.
    """
    _check(by, campaign, servers, ruling)
    return _record(by, f"user:{by.pk}", campaign, servers, ruling)


def hear(*, actor: str, campaign: Campaign, servers: Sequence[int], ruling: Ruling) -> list[int]:
    """Take down what somebody without an account says: a claim, or an assessment's bad news.

    It raises an alarm or moves a case forward, and closes nothing. Gives the decisions' ids.

    Args:
        actor: who says so, such as ``link:17``.
        campaign: in which campaign.
        servers: numbers of servers that stand in it.
        ruling: what is said.

    Raises:
        UsageFault: it is more than a word or bad news, or a server does not stand in the campaign.
    """
    _check_terms(ruling)
    good = ruling.clean or (ruling.exposure is not None and ruling.exposure not in HEARD)
    if (why := refuse_heard(ruling.kind, good=good)) is not None:
        raise UsageFault(why)
    if Standing.objects.filter(campaign=campaign, server_id__in=servers).count() != len(set(servers)):
        raise UsageFault("a server does not stand in this campaign")
    return _record(None, actor, campaign, servers, ruling)


def _record(
    by: User | None, actor: str, campaign: Campaign, servers: Sequence[int], ruling: Ruling
) -> list[int]:
    now = timezone.now()
    with writing():
        rows = [_decision(by, campaign, server, ruling, now) for server in servers]
        made = [row.pk for row in Decision.objects.bulk_create(rows)]
        append([_told(actor, campaign, row) for row in rows])
        fold_now(servers)
    return made


def withdraw(*, by: User, decision: Decision, reason: str) -> Decision:
    """Take a decision back: it stays in the record, and counts no longer.

    Raises:
        PermissionDenied: the person may not decide.
        UsageFault: no reason is given, or the decision was taken back before.
    """
    if not by.writes:
        raise PermissionDenied
    if not reason.strip():
        raise UsageFault("a decision needs a reason")
    with writing():
        if Decision.objects.filter(supersedes=decision).exists():
            raise UsageFault("this decision was taken back before")
        row = Decision.objects.create(
            server_id=decision.server_id,
            campaign_id=decision.campaign_id,
            kind=Kind.WITHDRAWN,
            grade=decision.grade,
            at=timezone.now(),
            by=by,
            reason=reason,
            supersedes=decision,
        )
        append([_told(f"user:{by.pk}", decision.campaign, row)])
        fold_now([decision.server_id])
    return row


def fold_now(servers: Iterable[int]) -> None:
    """Fold servers anew at once, inside `writing`; for a few."""
    for write in plans(list(servers), Ownership(), [Folder()]):
        write()


def expire(today: date | None = None) -> bool:
    """Fold servers whose false positive has ended. Gives whether there were any; one chunk at a time."""
    today = today or timezone.now().date()
    ended = Standing.objects.filter(exposure=Exposure.FALSE_POSITIVE, false_positive_until__lt=today)
    servers = list(ended.order_by("id").values_list("server_id", flat=True)[:CHUNK])
    if not servers:
        return False
    with writing():
        fold_now(set(servers))
    return True


def _check(by: User, campaign: Campaign, servers: Sequence[int], ruling: Ruling) -> None:
    if not by.writes:
        raise PermissionDenied
    if not 0 < len(servers) <= MOST_AT_ONCE or len(set(servers)) != len(servers):
        raise UsageFault(f"a decision is about 1 to {MOST_AT_ONCE} servers, each once")
    _check_terms(ruling)
    if visible_to(by).filter(campaign=campaign, server_id__in=servers).count() != len(servers):
        raise PermissionDenied
    if ruling.clean:
        _check_proof(by, campaign, servers, ruling)


def _check_proof(by: User, campaign: Campaign, servers: Sequence[int], ruling: Ruling) -> None:
    """Nothing is shown clean by a word: the evidence is asked for, each time."""
    for server in servers:
        claimed = Claimed(
            server=server, campaign=campaign.pk, evidence=ruling.evidence, at=ruling.at, by=by.pk
        )
        if (why := unproven(claimed)) is not None:
            raise UsageFault(f"not shown to be clean: {why}", where=f"server {server}")


def _check_terms(ruling: Ruling) -> None:
    now = timezone.now()
    proposal = Proposal(
        kind=ruling.kind,
        at=ruling.at or now,
        now=now,
        reason=ruling.reason,
        grade=ruling.grade,
        until=ruling.until,
    )
    if (why := refuse(proposal)) is not None:
        raise UsageFault(why)


def _decision(by: User | None, campaign: Campaign, server: int, ruling: Ruling, now: datetime) -> Decision:
    return Decision(
        server_id=server,
        campaign=campaign,
        kind=ruling.kind.value,
        exposure=ruling.exposure.value if ruling.exposure else "",
        compromise=ruling.compromise.value if ruling.compromise else "",
        residual=ruling.residual,
        shown_clean=ruling.clean,
        grade=ruling.grade.value,
        at=ruling.at or now,
        until=ruling.until,
        by=by,
        reason=ruling.reason,
        evidence=ruling.evidence,
        recorded=now,
    )


def _told(actor: str, campaign: Campaign, row: Decision) -> Change:
    detail: dict[str, Any] = {"decision": row.pk, "reason": row.reason[:500], "grade": row.grade}
    if row.until:
        detail["until"] = row.until.isoformat()
    if row.evidence:
        detail["evidence"] = row.evidence
    if row.supersedes_id:
        detail["supersedes"] = row.supersedes_id
    return Change(
        at=row.at.astimezone(UTC),
        kind="decision",
        subject=f"server:{row.server_id}",
        actor=actor,
        campaign=campaign.key,
        after=row.kind,
        detail=detail,
    )
