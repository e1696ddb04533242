"""Cases out of what others found: censuses, accepted assessments, owners' answers. A piece at a time.

What was taken in has a row in `Read`; both are written in one transaction, so that a worker killed at any
moment takes nothing in twice and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from tocsin.hub.cases import services
from tocsin.hub.cases.closing import shells_of, verdicts_of
from tocsin.hub.cases.finding import Sighting, found
from tocsin.hub.cases.models import Case, Read
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.owners.models import Answer, HandIn
from tocsin.hub.rules.cases import ALIVE, CLOSED, CaseKind, Source, day_of_census
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.handins import State
from tocsin.hub.rules.links import Answered
from tocsin.hub.rules.words import Grade

PIECE = 200
HANDS = frozenset({"intruder", "shell-user"})
"""Roles of an assessment's clusters that used the server; a prober or a scanner is no hand on it."""
INSIDE = frozenset({"exploited", "compromised"})
"""What a finding must mean to show the intruder: context is also what somebody asked for and did not get."""
GONE = frozenset({"absent-on-disk", "removal-evidenced"})
_ANSWERS = {Answered.ACKNOWLEDGED: "acknowledged", Answered.REMOVAL_CLAIMED: "claimed"}


def from_census() -> bool:
    """Take in web shells that a census saw. Gives whether there were any."""
    read = Read.objects.filter(standing=OuterRef("pk"), day__gte=OuterRef("shell_seen"))
    fresh = Standing.objects.filter(~Exists(read), shell_seen__isnull=False)
    with writing():
        rows = list(fresh.select_related("server").order_by("campaign_id", "-last_seen", "-id")[:PIECE])
        found([_seen_by_census(row) for row in rows])
        Read.objects.bulk_create(
            [Read(standing=row, day=row.shell_seen) for row in rows],
            update_conflicts=True,
            unique_fields=["standing"],
            update_fields=["day", "at"],
        )
    return bool(rows)


def _seen_by_census(row: Standing) -> Sighting:
    day = row.shell_seen or row.since
    start, end = day_of_census(datetime.combine(day, time.min, UTC))
    return Sighting(
        kind=CaseKind.WEBSHELL,
        campaign=row.campaign_id,
        server=row.server_id,
        at=start,
        until=end,
        source=Source.CENSUS,
        reason="a census saw a web shell answer",
        once=f"census:{row.pk}:{day}",
    )


def from_assessments() -> bool:
    """Take in what accepted assessments show. Gives whether there were any."""
    read = Read.objects.filter(hand_in=OuterRef("pk"))
    fresh = HandIn.objects.filter(~Exists(read), state=State.CONFIRMED)
    with writing():
        rows = list(fresh.select_related("campaign").order_by("id")[:20])
        found([one for row in rows for one in sightings_in(row)])
        Read.objects.bulk_create([Read(hand_in=row) for row in rows])
    return bool(rows)


def sightings_in(row: HandIn) -> Iterator[Sighting]:
    """Every web shell, and the compromise, that a hand-in's assessment shows."""
    second = second_hand(row)
    for number, shell in enumerate(shells_of(row, row.campaign.key)):
        yield _shell(row, shell, number, second=second)
    if row.compromise == "confirmed":
        yield Sighting(
            kind=CaseKind.COMPROMISE,
            at=_last(row) if row.residual != "present" else _ends(row),
            once=f"hand-in:{row.pk}:compromise",
            **_common(row, second=second),
        )


def second_hand(row: HandIn) -> bool:
    """Whether an assessment shows more than one hand that used the server."""
    clusters = [one for verdict in verdicts_of(row, row.campaign.key) for one in _listed(verdict, "clusters")]
    return sum(_text(one, "role") in HANDS for one in clusters) > 1


def _shell(row: HandIn, shell: Mapping[str, Any], number: int, *, second: bool) -> Sighting:
    examined = shell.get("examination")
    content = examined if isinstance(examined, dict) else {}
    presence = _text(shell, "presence")
    then = None if presence == "present" else _there_until(shell)
    return Sighting(
        kind=CaseKind.WEBSHELL,
        at=min(then or _ends(row), _ends(row)),
        opens_only=then is None and presence in GONE,
        url=_text(shell, "url"),
        path=_text(shell, "path"),
        sha256=_text(shell, "sha256"),
        sketch=_text(content, "sketch"),
        family=_text(content, "family"),
        once=f"hand-in:{row.pk}:{number}",
        detail={"presence": presence, "content": _text(shell, "content")},
        **_common(row, second=second),
    )


def _common(row: HandIn, *, second: bool) -> dict[str, Any]:
    return {
        "campaign": row.campaign_id,
        "server": row.server_id,
        "source": Source.ASSESSMENT,
        "grade": Grade(row.grade),
        "hand_in": row.pk,
        "second_hand": second,
        "reason": f"an assessment shows it ({row.grade})",
    }


def _ends(row: HandIn) -> datetime:
    return row.collected or row.received


def _last(row: HandIn) -> datetime:
    """When the intruder was last seen, no later than the evidence."""
    verdicts = list(verdicts_of(row, row.campaign.key))
    findings = [
        _moment(one.get("time"))
        for verdict in verdicts
        for one in _listed(verdict, "findings")
        if one.get("means") in INSIDE
    ]
    told = [one for one in (*(_moment(verdict.get("last_seen")) for verdict in verdicts), *findings) if one]
    return min(max(told, default=_ends(row)), _ends(row))


def _there_until(shell: Mapping[str, Any]) -> datetime | None:
    """The last moment at which a shell that is not shown to be there was known to be.

    ``last_seen`` of an assessment is when its address was last asked for: whoever still asks for a page that
    is gone gets no page. Clients are those that it answered.
    """
    served = [_moment(client.get("last_seen")) for client in _listed(shell, "clients")]
    named = [*served, *(_moment(shell.get(name)) for name in ("written_at", "first_seen"))]
    return max((one for one in named if one), default=_moment(shell.get("last_seen")))


def _moment(value: object) -> datetime | None:
    try:
        found_at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found_at.astimezone(UTC) if found_at and found_at.tzinfo else None


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value.replace("\0", "")[:500] if isinstance(value, str) else ""


def _listed(verdict: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    values = verdict.get(name)
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def from_owners() -> bool:
    """Take in what owners answered by their links. Gives whether there was any."""
    read = Read.objects.filter(answer=OuterRef("pk"))
    fresh = Answer.objects.filter(~Exists(read), kind__in=list(_ANSWERS))
    with writing():
        rows = list(fresh.select_related("link").order_by("id")[:PIECE])
        for row in rows:
            _answered(row)
        Read.objects.bulk_create([Read(answer=row) for row in rows])
    return bool(rows)


def answered(row: Answer) -> None:
    """Follow an answer in the moment in which it is given (a hearer of `owners.answering`)."""
    if row.kind in _ANSWERS:
        _answered(row)
        Read.objects.create(answer=row)


def _answered(row: Answer) -> None:
    about = Q(server=row.server_id) if row.server_id else Q(server__in=row.link.own_servers)
    cases = Case.objects.filter(about, campaign_id=row.link.campaign_id).exclude(state__in=CLOSED)
    numbers = list(cases.order_by("id").values_list("pk", flat=True)[: services.MOST_AT_ONCE])
    once, reason = f"answer:{row.pk}", row.text or "the owner says so, by link"
    if not numbers:
        return
    if row.kind == Answered.REMOVAL_CLAIMED:
        services.claim_removed(
            numbers, by=None, at=row.at, reason=reason[: services.LONGEST_REASON], once=once
        )
    else:
        services.acknowledged(numbers, at=row.at, reason=reason, once=once)


def from_decisions() -> bool:
    """Take in what analysts decided: a removal on a server is one of its cases. Gives whether any was."""
    read = Read.objects.filter(decision=OuterRef("pk"))
    fresh = Decision.objects.filter(~Exists(read), kind=Kind.REMOVED, superseded_by=None, by__isnull=False)
    with writing():
        rows = list(fresh.order_by("id")[:PIECE])
        for row in rows:
            _decided(row)
        Read.objects.bulk_create([Read(decision=row) for row in rows])
    return bool(rows)


def _decided(row: Decision) -> None:
    cases = Case.objects.filter(server_id=row.server_id, campaign_id=row.campaign_id, state__in=ALIVE)
    numbers = list(cases.order_by("id").values_list("pk", flat=True)[: services.MOST_AT_ONCE])
    if numbers:
        reason = f"the removal on its server was claimed: {row.reason}"[: services.LONGEST_REASON]
        services.claim_removed(numbers, by=None, at=row.at, reason=reason, once=f"decision:{row.pk}")


def mark_overdue(today: date | None = None) -> bool:
    """Mark cases whose day has passed. Gives whether there were any."""
    today = today or timezone.now().date()
    late = Case.objects.filter(due__lt=today, overdue=False).exclude(
        state__in=[one for one in CLOSED if one != "accepted-risk"]
    )
    numbers = list(late.order_by("due", "id").values_list("pk", flat=True)[:2_000])
    return bool(numbers) and bool(Case.objects.filter(pk__in=numbers).update(overdue=True))
