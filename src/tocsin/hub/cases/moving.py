"""Facts into cases: kept, folded, told to the chain, for thousands of cases at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F, Q

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases.models import Case, Fact
from tocsin.hub.census.bulk import Table
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.rules.cases import CLOSED, CaseFact, CaseFold, CaseState, FactKind, fold
from tocsin.hub.rules.handins import SAME, State
from tocsin.hub.rules.words import Grade

COLUMNS = (
    "case",
    "kind",
    "source",
    "at",
    "until",
    "recorded",
    "by",
    "grade",
    "gone",
    "hand_in",
    "review",
    "reason",
    "detail",
    "key",
)
STATE = (
    "state",
    "since",
    "seen_until",
    "notified",
    "claimed",
    "closed",
    "collected",
    "hand_in_id",
    "closed_by_id",
    "exception",
    "reopened",
)
"""Columns that a fold decides."""

Stored = Mapping[str, Any]


def learn(facts: Sequence[Fact], *, actor: str) -> list[int]:
    """Keep facts and move their cases; only inside `census.bulk.writing`.

    A fact whose ``key`` is known already is dropped. Gives the cases whose state changed.
    """
    facts = _unknown(facts)
    if not facts:
        return []
    Table(Fact, COLUMNS).insert(_row(one) for one in facts)
    cases = sorted({one.case_id for one in facts})
    before = dict(Case.objects.filter(pk__in=cases).values_list("pk", "state"))
    after = refold(cases)
    append(_told(facts, before, after, actor))
    return [case for case in cases if before[case] != after[case]]


def refold(cases: Sequence[int]) -> dict[int, str]:
    """Fold cases anew from the facts that stand; gives the state of each."""
    facts = _facts_of(cases)
    stored = {
        row["id"]: row for row in Case.objects.filter(pk__in=cases).values("id", "due", "overdue", *STATE)
    }
    changes: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    states = {}
    for case in cases:
        wanted = _columns(facts[case], stored[case])
        states[case] = str(wanted["state"])
        changed = tuple((name, value) for name, value in wanted.items() if stored[case][name] != value)
        if changed:
            changes[changed].append(case)
    for values, same in changes.items():
        Case.objects.filter(pk__in=same).update(**dict(values))
    return states


def _unknown(facts: Sequence[Fact]) -> list[Fact]:
    keys = [one.key for one in facts if one.key]
    known = set(Fact.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    found, told = [], set(known)
    for one in facts:
        if one.key is None or one.key not in told:
            found.append(one)
            told.add(one.key)
    return found


def _row(one: Fact) -> tuple[Any, ...]:
    return (
        one.case_id,
        str(one.kind),
        str(one.source),
        one.at,
        one.until,
        one.recorded,
        one.by_id,
        str(one.grade),
        one.gone,
        one.hand_in_id,
        one.review,
        one.reason,
        one.detail,
        one.key,
    )


def _facts_of(cases: Iterable[int]) -> Mapping[int, list[Stored]]:
    """Give the facts that stand: not those of an assessment that was taken back.

    A verification stands if its hand-in is what it says; whoever wrote the row.
    """
    stands = Q(hand_in=None) | Q(hand_in__decision=None) | Q(hand_in__decision__superseded_by=None)
    bound = Q(
        hand_in__state=State.CONFIRMED,
        hand_in__grade=Grade.RE_ASSESSED,
        hand_in__identity=SAME,
        hand_in__collected=F("at"),
        hand_in__server=F("case__server"),
        hand_in__campaign=F("case__campaign"),
    )
    sound = ~Q(kind=FactKind.VERIFIED) | bound
    rows = Fact.objects.filter(stands, sound, case_id__in=list(cases)).values(
        "id",
        "case_id",
        "kind",
        "at",
        "until",
        "grade",
        "gone",
        "by_id",
        "by__name",
        "by__email",
        "hand_in_id",
        "review",
        "reason",
    )
    found: dict[int, list[Stored]] = defaultdict(list)
    for row in rows:
        found[row["case_id"]].append(row)
    return found


def told_of(row: Stored) -> CaseFact:
    """Give a stored fact as the fold takes it."""
    return CaseFact(
        kind=FactKind(row["kind"]),
        at=row["at"],
        until=row["until"],
        grade=Grade(row["grade"]),
        gone=row["gone"],
        analyst=row["by__name"] or row["by__email"] or "",
        number=row["id"],
    )


def folded(cases: Sequence[int]) -> dict[int, CaseFold]:
    """Give where cases stand, with the whole path."""
    facts = _facts_of(cases)
    return {case: fold(map(told_of, facts[case])) for case in cases}


def _columns(facts: Sequence[Stored], stored: Stored) -> dict[str, Any]:
    done = fold(map(told_of, facts))
    closing = next((row for row in facts if row["id"] == done.closing), None)
    accepted = closing if closing and done.state is CaseState.ACCEPTED_RISK else None
    wanted = {
        "state": done.state.value,
        "since": done.since or stored["since"],
        "seen_until": done.seen_until,
        "notified": done.notified,
        "claimed": done.claimed,
        "closed": done.closed,
        "collected": done.closed if done.state is CaseState.VERIFIED_REMOVED else None,
        "hand_in_id": closing["hand_in_id"] if closing else None,
        "closed_by_id": closing["by_id"] if closing else None,
        "exception": accepted["reason"] if accepted else "",
        "reopened": done.reopened,
    }
    if done.state in CLOSED:
        wanted["overdue"] = False
    return wanted | ({"due": accepted["review"]} if accepted else {})


def _told(
    facts: Sequence[Fact], before: Mapping[int, str], after: Mapping[int, str], actor: str
) -> list[Change]:
    cases = Case.objects.in_bulk(list(before))
    keys = dict(Campaign.objects.values_list("pk", "key"))
    return [
        Change(
            at=one.at,
            kind="case",
            subject=f"case:{one.case_id}",
            actor=actor,
            campaign=keys[cases[one.case_id].campaign_id],
            before=before[one.case_id],
            after=after[one.case_id],
            detail=_detail(one, cases[one.case_id]),
        )
        for one in facts
    ]


def _detail(one: Fact, case: Case) -> dict[str, Any]:
    detail = {
        "fact": str(one.kind),
        "source": str(one.source),
        "case": str(case.kind),
        "server": case.server_id,
        "reason": one.reason[:500],
        "hand_in": one.hand_in_id,
    }
    return {name: value for name, value in detail.items() if value not in {None, ""}}
