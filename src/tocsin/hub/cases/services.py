"""Move cases: the owner was told, acknowledges, claims removal; verify it, or accept the risk, by name.

Each takes some cases, all of them or none, and is one transaction: rows that are never changed, events in the
chain, and a new fold of each case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.cases import closing
from tocsin.hub.cases.claims import claim_servers
from tocsin.hub.cases.finding import Sighting, found
from tocsin.hub.cases.models import Case, Fact
from tocsin.hub.cases.moving import learn
from tocsin.hub.cases.selectors import visible_to
from tocsin.hub.census.bulk import writing
from tocsin.hub.owners.models import HandIn
from tocsin.hub.rules.cases import CLOSED, LONGEST_EXCEPTION, CaseKind, CaseState, FactKind, Source
from tocsin.hub.rules.cases_closing import objections
from tocsin.hub.rules.cases_identity import Mergeable, cannot_be_same
from tocsin.hub.rules.words import Grade, Role

__all__ = [
    "MOST_AT_ONCE",
    "Sighting",
    "accept_risk",
    "acknowledged",
    "claim_removed",
    "found",
    "merge",
    "notified",
    "verify",
]
MOST_AT_ONCE = 5_000
"""Cases that one act may be about."""
LONGEST_REASON = 5_000


def notified(
    cases: Sequence[int],
    *,
    at: datetime | None = None,
    by: User | None = None,
    reason: str = "",
    once: str = "",
) -> list[int]:
    """The owners of these cases were told; a mark that asks for a notice goes. Gives whose state changed.

    ``once`` names the message: the same is never told twice.

    Raises:
        PermissionDenied: the person, if there is one, may not, or does not see one of the cases.
    """
    if by is not None:
        _may(by, cases)
    with writing():
        changed = _learn(
            cases, FactKind.NOTIFIED, at=at, by=by, source=Source.NOTICE, reason=reason, once=once
        )
        Case.objects.filter(pk__in=cases).update(notify=False)
    return changed


def acknowledged(
    cases: Sequence[int],
    *,
    at: datetime | None = None,
    by: User | None = None,
    reason: str = "",
    once: str = "",
) -> list[int]:
    """The owners of these cases answered. Gives the cases whose state changed.

    Raises:
        PermissionDenied: the person, if there is one, may not, or does not see one of the cases.
    """
    if by is not None:
        _may(by, cases)
    with writing():
        return _learn(
            cases, FactKind.ACKNOWLEDGED, at=at, by=by, source=Source.OWNER, reason=reason, once=once
        )


def claim_removed(
    cases: Sequence[int], *, by: User | None, reason: str, at: datetime | None = None, once: str = ""
) -> list[int]:
    """Somebody says that it is gone: a claim, which closes nothing. Gives the cases whose state changed.

    A server on which nothing is unclaimed any more is claimed with them (`cases.claims`).

    Args:
        cases: numbers of the cases; a person must see each.
        by: who says so, a member of the owner or staff; None for an owner by a link.
        reason: what was done.
        at: when it was gone; None for now.
        once: the same is never told twice.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
        UsageFault: it has no reason, or is about the future.
    """
    moment = at or timezone.now()
    if by is not None:
        _may(by, cases, members=True)
    _reasoned(reason)
    if moment > timezone.now() + timedelta(minutes=5):
        raise UsageFault("a claim cannot be about the future")
    source = Source.HAND if by and by.writes else Source.OWNER
    with writing():
        told = _learn(cases, FactKind.CLAIMED, at=moment, by=by, source=source, reason=reason, once=once)
        if by is not None:
            claim_servers(cases, by=by, reason=reason, at=moment)
    return told


def verify(case: int, hand_in: int | None, *, by: User, reason: str = "") -> Case:
    """Close a case as ``verified-removed`` by re-assessed evidence that was collected after the claim.

    Raises:
        PermissionDenied: the person may not, or does not see the case.
        UsageFault: a condition is not met; the message names each that is not.
    """
    _may(by, [case])
    with writing():
        about = Case.objects.select_related("campaign").get(pk=case)
        evidence = closing.usable(about).filter(pk=hand_in).first() if hand_in else None
        missing = objections(closing.conditions_of(about, evidence, by=by))
        if missing or evidence is None or evidence.collected is None:
            raise UsageFault("this case cannot be closed. " + " ".join(missing))
        learn([_verified(about, evidence, evidence.collected, by, reason)], actor=f"user:{by.pk}")
        about.refresh_from_db()
        if about.state != CaseState.VERIFIED_REMOVED:
            raise UsageFault("this case cannot be closed. Something newer is known of it; look again.")
    return about


def accept_risk(cases: Sequence[int], *, by: User, reason: str, review: date | None) -> list[int]:
    """Close cases by a signed exception, as ``accepted-risk``, which is never clean. Gives those it closed.

    Args:
        cases: numbers of the cases.
        by: who signs.
        reason: why nothing better can be had.
        review: the day on which it is looked at again, within a year.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
        UsageFault: it has no reason or no such day.
    """
    _may(by, cases)
    _reasoned(reason)
    today = timezone.now().date()
    if review is None or not today < review <= today + LONGEST_EXCEPTION:
        raise UsageFault(f"an exception is looked at again on a day within {LONGEST_EXCEPTION.days} days")
    with writing():
        return _learn(
            cases, FactKind.RISK_ACCEPTED, at=None, by=by, source=Source.HAND, reason=reason, review=review
        )


def merge(case: int, into: int, *, by: User, reason: str) -> None:
    """Say that a case is another one, which goes on and is told every sighting of it.

    A case with a path of its own is never merged: each web shell is shown to be gone by itself.

    Raises:
        PermissionDenied: the person may not, or does not see one of the cases.
        UsageFault: they cannot be the same, or it has no reason.
    """
    _may(by, [case, into])
    _reasoned(reason)
    with writing():
        rows = Case.objects.in_bulk([case, into])
        if (why := cannot_be_same(*(_known(rows[number]) for number in (case, into)))) is not None:
            raise UsageFault(why)
        Case.objects.filter(pk=case).update(merged_into=into)
        told = {"case_id": case, "kind": FactKind.MERGED, "at": timezone.now(), "by": by, "reason": reason}
        learn([*_copied(case, into), Fact(**told, detail={"into": into})], actor=f"user:{by.pk}")


def _known(row: Case) -> Mergeable:
    return Mergeable(
        kind=CaseKind(row.kind),
        campaign=row.campaign_id,
        server=row.server_id,
        key=row.key,
        state=CaseState(row.state),
    )


def _copied(case: int, into: int) -> list[Fact]:
    """Give the sightings of a case as sightings of another."""
    return [
        Fact(
            case_id=into,
            kind=FactKind.SEEN,
            source=one.source,
            at=one.at,
            until=one.until,
            by_id=one.by_id,
            grade=one.grade,
            hand_in_id=one.hand_in_id,
            reason=one.reason,
            detail={**one.detail, "from": case},
        )
        for one in Fact.objects.filter(case=case, kind=FactKind.SEEN).order_by("id")
    ]


def _may(by: User, cases: Sequence[int], *, members: bool = False) -> None:
    if not (by.writes or (members and by.role == Role.MEMBER)):
        raise PermissionDenied
    if not 0 < len(cases) <= MOST_AT_ONCE or len(set(cases)) != len(cases):
        raise UsageFault(f"this is done to 1 to {MOST_AT_ONCE:,} cases, each once")
    if visible_to(by).filter(pk__in=cases).count() != len(cases):
        raise PermissionDenied


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise UsageFault("this needs a reason")
    if len(reason) > LONGEST_REASON:
        raise UsageFault(f"a reason has at most {LONGEST_REASON:,} characters")


def _learn(
    cases: Sequence[int], kind: FactKind, *, by: User | None, once: str = "", **rest: Any
) -> list[int]:
    """Tell open cases a fact; closed ones are left as they are."""
    moment = rest.pop("at") or timezone.now()
    open_ = Case.objects.filter(pk__in=cases).exclude(state__in=CLOSED).order_by("id")
    facts = [
        Fact(
            case_id=case,
            kind=kind,
            at=moment,
            by=by,
            grade=Grade.SELF_REPORTED,
            key=f"{once}:{case}" if once else None,
            **rest,
        )
        for case in open_.values_list("pk", flat=True)
    ]
    return learn(facts, actor=f"user:{by.pk}" if by else str(rest["source"]))


def _verified(case: Case, evidence: HandIn, collected: datetime, by: User, reason: str) -> Fact:
    return Fact(
        case=case,
        kind=FactKind.VERIFIED,
        source=Source.ASSESSMENT,
        at=collected,
        by=by,
        grade=evidence.grade,
        gone=True,
        hand_in=evidence,
        reason=reason[:LONGEST_REASON],
        detail={"evidence": evidence.evidence_digest, "pack": evidence.pack},
    )
