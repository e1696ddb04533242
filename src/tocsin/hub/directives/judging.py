"""From what is known and what was said to where each requirement stands: many organisations at a time.

One piece takes the organisations that wait, up to `OWNERS` of them and `PIECE` of their servers. Whoever has
more keeps the place that was reached. Killed at any moment, it begins again there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from msgspec import Struct

from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.directives import answers, evidence
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Answer, Directive, Excuse, Subject
from tocsin.hub.directives.said import Told, above, reports_of, told_of
from tocsin.hub.rules import proofs
from tocsin.hub.rules.directives import BY_INCIDENT, Facts, answer
from tocsin.hub.rules.directives import Answer as Judged
from tocsin.hub.rules.directives import Directive as Order

PIECE = 200
"""Servers that are judged in one transaction."""
OWNERS = 200
"""Organisations that are."""
OVERDUE = 1_000


def judge(now: datetime | None = None) -> bool:
    """The chore: a piece of the organisations that wait. Gives whether there were any."""
    waiting = Subject.objects.filter(stale=True, directive__active=True).order_by("id")
    first = waiting.select_related("directive").first()
    if first is None:
        return False
    with writing():
        same = waiting.filter(directive=first.directive)
        _piece(first.directive, list(same[:OWNERS]), now or timezone.now())
    return True


def judge_now(row: Directive, organisation: int, now: datetime | None = None) -> None:
    """Judge one organisation at once, inside `writing`; for what a person has just said."""
    mine = Subject.objects.filter(directive=row, organisation=organisation)
    mine.update(stale=True, reached=0)
    while subject := mine.filter(stale=True).first():
        _piece(row, [subject], now or timezone.now())


class _Known(Struct, frozen=True, kw_only=True):
    """What is known and was said of the organisations of one piece."""

    order: Order
    told: Mapping[int, Told]
    signed: Mapping[int, Sequence[proofs.Signed]]
    incidents: Mapping[int, Sequence[proofs.Reported]]


def _piece(row: Directive, subjects: Sequence[Subject], now: datetime) -> None:
    servers, halfway = _servers(subjects)
    done = [one for one in subjects if halfway is None or one.organisation_id < halfway]
    part = [one for one in subjects if one.organisation_id == halfway]
    known = _known(row, [one.organisation_id for one in (*done, *part)])
    judged = dict(_of_servers(known, servers, now))
    judged |= _of_owners(known, done, now)
    answers.write(row, judged, now)
    for one in part:
        theirs = [each.pk for each in servers if each.organisation_id == halfway]
        one.reached = max(theirs, default=one.reached)
        one.save(update_fields=["reached"])
    finished = [one.organisation_id for one in done]
    answers.forget(row, known.order, finished)
    answers.count(row, finished, now)


def _servers(subjects: Sequence[Subject]) -> tuple[list[Server], int | None]:
    """The next servers, by organisation; and the organisation whose turn ends before its servers do."""
    begun = {one.organisation_id: one.reached for one in subjects if one.reached}
    fresh = [one.organisation_id for one in subjects if not one.reached]
    wanted = Q(organisation__in=fresh)
    for number, reached in begun.items():
        wanted |= Q(organisation=number, pk__gt=reached)
    found = list(Server.objects.filter(wanted).order_by("organisation_id", "pk")[: PIECE + 1])
    return found[:PIECE], found[PIECE].organisation_id if len(found) > PIECE else None


def _known(row: Directive, organisations: Sequence[int]) -> _Known:
    order, lines = order_of(row), above(organisations)
    tops = {top for line in lines.values() for top in line}
    reports = evidence.incidents_of(tops, order.campaigns) if _asks_for_incidents(order) else []
    by_owner = {
        number: [one for one in reports if one.organisation in line] for number, line in lines.items()
    }
    return _Known(
        order=order,
        told=told_of(row, organisations),
        signed=reports_of(row, lines),
        incidents=by_owner if reports else {},
    )


def _asks_for_incidents(order: Order) -> bool:
    return any(each.proof == BY_INCIDENT for each in order.requirements)


def _of_servers(
    known: _Known, servers: Sequence[Server], now: datetime
) -> Iterable[tuple[answers.Place, Judged]]:
    owners = {server.pk: server.organisation_id or 0 for server in servers}
    for number, server in evidence.known_of(servers, known.order.campaigns).items():
        owner = owners[number]
        told = known.told[owner]
        facts = proofs.of_server(
            known.order,
            server,
            answers=told.replies,
            words=told.words_of(number),
            exceptions=told.excuses_of(number),
            reports=proofs.reported(known.incidents.get(owner, ()), owner, number),
        )
        for each in _rounds(known.order, facts, now):
            yield (owner, number, each.requirement, each.round), each


def _rounds(order: Order, facts: Facts, now: datetime) -> Iterable[Judged]:
    for asked in order.requirements:
        if asked.per == "server":
            for number in range(len(order.deadlines(asked))):
                yield answer(order, asked, facts, now=now, number=number)


def _of_owners(
    known: _Known, subjects: Sequence[Subject], now: datetime
) -> Iterable[tuple[answers.Place, Judged]]:
    asked = [each for each in known.order.requirements if each.per == "organisation"]
    for owner in (one.organisation_id for one in subjects):
        told = known.told[owner]
        incidents = proofs.reported(known.incidents.get(owner, ()), owner, None)
        for each in asked:
            report = proofs.signed(each, 0, known.signed[owner]) if each.proof == "report-signed" else None
            facts = Facts(
                answers=told.replies,
                proofs={each.proof: report} if report else {},
                runs={each.id: incidents},
                words=told.words_of(0),
                exceptions=told.excuses_of(0),
            )
            yield (owner, 0, each.id, 0), answer(known.order, each, facts, now=now)


def mark_overdue(now: datetime | None = None) -> bool:
    """The chore: what is open when its deadline passes is late from then on. Gives whether there was any."""
    moment = now or timezone.now()
    rows = Answer.objects.filter(late=False, standing="missing", late_from__lte=moment)
    rows = rows.filter(directive__in=list(Directive.objects.filter(active=True)))
    found = list(rows.select_related("directive").order_by("late_from", "pk")[:OVERDUE])
    if not found:
        return False
    with writing():
        Answer.objects.filter(pk__in=[row.pk for row in found]).update(late=True, changed=moment)
        answers.tell_overdue(found)
        touched = {(row.directive_id, row.organisation_id) for row in found}
        for directive, organisation in sorted(touched):
            late = Answer.objects.filter(directive=directive, organisation=organisation, late=True).count()
            Subject.objects.filter(directive=directive, organisation=organisation).update(late=late)
    return True


def end_excuses(now: datetime | None = None) -> bool:
    """The chore: an exception whose day has passed no longer counts. Gives whether there was any.

    Its day is that of the order's zone.
    """
    moment = now or timezone.now()
    found: list[Excuse] = []
    for row in Directive.objects.order_by("pk"):
        rows = Excuse.objects.filter(
            directive=row, approved=True, ended=False, until__lt=order_of(row).today(moment)
        )
        found += rows.select_related("directive").order_by("until", "pk")[:OVERDUE]
    if not found:
        return False
    with writing():
        for one in found:
            subjects = Subject.objects.filter(directive=one.directive, organisation=one.organisation_id)
            subjects.update(stale=True, reached=0)
        Excuse.objects.filter(pk__in=[one.pk for one in found]).update(ended=True)
    return True
