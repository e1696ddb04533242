"""From what is known and what was said to where each requirement stands: some servers at a time, set-based.

One piece judges up to `PIECE` servers of one organisation and keeps its place; the last piece judges what the
organisation itself has to do, and counts. Killed at any moment, it begins again at the place that it kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

from django.db.models import Count, Q
from django.utils import timezone
from msgspec import Struct, structs

from tocsin.hub.census.bulk import Table, writing
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives import evidence
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Answer, Directive, Excuse, Reply, SignOff, Subject, Word
from tocsin.hub.directives.scoping import DEEPEST, KIND
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.rules import proofs
from tocsin.hub.rules.deadlines import Deadline
from tocsin.hub.rules.directives import SILENT, Facts, Proof, Standing, answer, key
from tocsin.hub.rules.directives import Answer as Judged
from tocsin.hub.rules.directives import Directive as Order
from tocsin.hub.rules.workbooks.layout import FOUND, NO

PIECE = 200
"""Servers that are judged in one transaction."""
OVERDUE = 1_000
COUNTED = ("standing", "found", "reason", "at", "locators", "due", "late_from", "late", "changed")


class Told(Struct, frozen=True, kw_only=True):
    """What an organisation said under a directive: replies, words and exceptions, by server (0 for all)."""

    replies: dict[str, bool]
    words: dict[int, dict[str, Proof]]
    excuses: dict[int, dict[str, tuple[str, date]]]

    def words_of(self, server: int) -> dict[str, Proof]:
        """What was said of one server: of itself, else of all."""
        return {**self.words.get(0, {}), **self.words.get(server, {})}

    def excuses_of(self, server: int) -> dict[str, tuple[str, date]]:
        """The exceptions of one server: its own, else those of all."""
        return {**self.excuses.get(0, {}), **self.excuses.get(server, {})}


def judge(now: datetime | None = None) -> bool:
    """The chore: one piece of one organisation that waits. Gives whether there was any."""
    waiting = Subject.objects.filter(stale=True, directive__active=True).order_by("id")
    subject = waiting.select_related("directive").first()
    if subject is None:
        return False
    with writing():
        _piece(subject, now or timezone.now())
    return True


def judge_now(row: Directive, organisation: int, now: datetime | None = None) -> None:
    """Judge one organisation at once, inside `writing`; for what a person has just said."""
    subject = (
        Subject.objects.filter(directive=row, organisation=organisation).select_related("directive").first()
    )
    if subject is None:
        return
    subject.stale, subject.reached = True, 0
    while subject.stale:
        _piece(subject, now or timezone.now())


def _piece(subject: Subject, now: datetime) -> None:
    order = order_of(subject.directive)
    told = told_by(subject.directive, subject.organisation_id)
    servers = list(
        Server.objects.filter(organisation=subject.organisation_id, pk__gt=subject.reached).order_by("pk")[
            :PIECE
        ]
    )
    known = evidence.known_of(servers, order.campaigns)
    _of_servers(subject, order, told, known, now)
    if len(servers) == PIECE:
        subject.reached = servers[-1].pk
        subject.save(update_fields=["reached"])
        return
    _of_owner(subject, order, told, now)
    _forget(subject, order)
    _count(subject, now)


def told_by(row: Directive, organisation: int) -> Told:
    """What an organisation said: the newest word, reply and approved exception of each kind."""
    found = Told(replies={}, words={}, excuses={})
    for reply in Reply.objects.filter(directive=row, organisation=organisation).order_by("pk"):
        found.replies[reply.question] = reply.value
    for word in (
        Word.objects.filter(directive=row, organisation=organisation).select_related("by").order_by("pk")
    ):
        spoken = found.words.setdefault(word.server_id or 0, {})
        spoken[key(word.requirement, word.round)] = _claim(word)
    for excuse in Excuse.objects.filter(directive=row, organisation=organisation, approved=True).order_by(
        "pk"
    ):
        found.excuses.setdefault(excuse.server_id or 0, {})[excuse.requirement] = (
            excuse.reason,
            excuse.until,
        )
    return found


def _claim(word: Word) -> Proof:
    done = word.said != NO
    who = (
        f"{word.by or 'the owner'} says so" if done else f"{word.by or 'the owner'} says that it is not done"
    )
    return Proof(
        standing=Standing.CLAIMED if done else Standing.MISSING,
        reason=f"{who}: {word.text}" if word.text else who,
        at=word.at.astimezone(UTC),
        locators=(f"word:{word.pk}",),
        found=word.said == FOUND,
    )


def _of_servers(
    subject: Subject, order: Order, told: Told, known: Mapping[int, proofs.ServerKnown], now: datetime
) -> None:
    judged: dict[tuple[int, str, int], Judged] = {}
    for number, server in known.items():
        facts = proofs.of_server(
            order,
            server,
            answers=told.replies,
            words=told.words_of(number),
            exceptions=told.excuses_of(number),
        )
        judged |= {
            (number, each.requirement, each.round): each for each in _rounds(order, "server", facts, now)
        }
    _write(subject, judged, now)


def _of_owner(subject: Subject, order: Order, told: Told, now: datetime) -> None:
    reports = [
        proofs.Signed(
            requirement=row.requirement,
            number=row.round,
            at=row.at.astimezone(UTC),
            name=f"{row.name}, {row.office}",
            document=row.document,
            where=f"signoff:{row.pk}",
        )
        for row in signoffs_for(subject.directive, subject.organisation_id)
    ]
    judged: dict[tuple[int, str, int], Judged] = {}
    for asked in order.requirements:
        if asked.per == "organisation":
            report = proofs.signed(asked, 0, reports) if asked.proof == "report-signed" else None
            shown = {"report-signed": report} if report else {}
            facts = Facts(
                answers=told.replies, proofs=shown, words=told.words_of(0), exceptions=told.excuses_of(0)
            )
            each = answer(order, asked, facts, now=now)
            judged[0, asked.id, 0] = each
    _write(subject, judged, now)


def signoffs_for(row: Directive, organisation: int) -> Iterable[SignOff]:
    """The reports that speak for an organisation: its own, and those of the ones above it."""
    above, number = [organisation], organisation
    for _ in range(DEEPEST):
        parent = Organisation.objects.filter(pk=number).values_list("parent_id", flat=True).first()
        if parent is None or parent in above:
            break
        above.append(parent)
        number = parent
    return SignOff.objects.filter(directive=row, organisation__in=above).order_by("pk")


def _rounds(order: Order, per: str, facts: Facts, now: datetime) -> Iterable[Judged]:
    for asked in order.requirements:
        if asked.per == per:
            for number in range(len(order.deadlines(asked))):
                yield answer(order, asked, facts, now=now, number=number)


def _write(subject: Subject, judged: Mapping[tuple[int, str, int], Judged], now: datetime) -> None:
    """Write what changed, and tell the chain: what is new and open is no event, every change after it is."""
    servers = {number for number, _, _ in judged}
    rows = Answer.objects.filter(directive=subject.directive_id)
    mine = rows.filter(server__in=servers - {0})
    if 0 in servers:
        mine = mine | rows.filter(server=None, organisation=subject.organisation_id)
    kept = {(row.server_id or 0, row.requirement, row.round): row for row in mine}
    new: list[Answer] = []
    changed: list[Answer] = []
    events: list[Change] = []
    for place, one in judged.items():
        row = kept.get(place) or _row(subject, place)
        before = row.standing if row.pk else ""
        if not _apply(row, one, subject.organisation_id, now):
            continue
        (changed if row.pk else new).append(row)
        if before != row.standing and not (before == "" and row.standing in _SILENT):
            events.append(_event(subject.directive, row, before, now))
    _table().insert(
        (
            row.directive_id,
            row.organisation_id,
            row.server_id,
            row.requirement,
            row.round,
            *(getattr(row, name) for name in COUNTED),
        )
        for row in new
    )
    Answer.objects.bulk_update(changed, [*COUNTED, "organisation"], batch_size=500)
    append(events)


@cache
def _table() -> Table:
    return Table(Answer, ("directive", "organisation", "server", "requirement", "round", *COUNTED))


_SILENT = frozenset({Standing.MISSING.value, Standing.NOT_APPLICABLE.value})


def _row(subject: Subject, place: tuple[int, str, int]) -> Answer:
    number, requirement, round_ = place
    return Answer(
        directive_id=subject.directive_id,
        organisation_id=subject.organisation_id,
        server_id=number or None,
        requirement=requirement,
        round=round_,
        standing="",
    )


def _apply(row: Answer, one: Judged, organisation: int, now: datetime) -> bool:
    """Bring a row up to a judgement; gives whether that changed anything."""
    proof = one.proof
    wanted: dict[str, object] = {
        "organisation_id": organisation,
        "standing": proof.standing.value,
        "found": proof.found,
        "reason": proof.reason[:1000].replace("\0", ""),
        "at": proof.at,
        "locators": [place[:500] for place in proof.locators[:20]],
        "due": str(one.due) if one.due else "",
        "late_from": late_from(one.due) if _may_be_late(one) else None,
        "late": one.late,
    }
    if all(getattr(row, name) == value for name, value in wanted.items()):
        return False
    for name, value in wanted.items():
        setattr(row, name, value)
    row.changed = now
    return True


def _may_be_late(one: Judged) -> bool:
    return one.proof.standing is not Standing.NOT_APPLICABLE and one.proof.reason != SILENT


def late_from(due: Deadline | None) -> datetime | None:
    """The first moment at which what is open is late: the deadline itself where the order says "before"."""
    if due is None:
        return None
    return due.at.astimezone(UTC) if due.strict else due.at.astimezone(UTC) + timedelta(microseconds=1)


def _event(directive: Directive, row: Answer, before: str, now: datetime) -> Change:
    subject = f"server:{row.server_id}" if row.server_id else f"organisation:{row.organisation_id}"
    detail: dict[str, object] = {
        "directive": directive.key,
        "requirement": row.requirement,
        "reason": row.reason[:300],
        "locators": row.locators[:5],
    }
    if row.round:
        detail["round"] = row.round
    if row.late:
        detail["late"] = True
    return Change(
        at=now,
        kind=KIND,
        subject=subject,
        actor="directives",
        before=before,
        after=row.standing,
        detail=detail,
    )


def _forget(subject: Subject, order: Order) -> None:
    """Answers of servers that left, and of requirements that the newest text no longer has, go."""
    mine = Answer.objects.filter(directive=subject.directive_id, organisation=subject.organisation_id)
    mine.exclude(requirement__in=[each.id for each in order.requirements]).delete()
    elsewhere = Q(server__isnull=False) & ~Q(server__organisation=subject.organisation_id)
    mine.filter(elsewhere).delete()


def _count(subject: Subject, now: datetime) -> None:
    mine = Answer.objects.filter(directive=subject.directive_id, organisation=subject.organisation_id)
    by_standing = Counter(
        {row["standing"]: row["n"] for row in mine.values("standing").annotate(n=Count("pk")).order_by()}
    )
    subject.proven = by_standing[Standing.PROVEN]
    subject.claimed = by_standing[Standing.CLAIMED]
    subject.excepted = by_standing[Standing.EXCEPTED]
    subject.missing = by_standing[Standing.MISSING]
    subject.not_applicable = by_standing[Standing.NOT_APPLICABLE]
    subject.late = mine.filter(late=True).count()
    subject.servers = mine.filter(server__isnull=False).values("server").distinct().count()
    subject.stale, subject.reached, subject.judged = False, 0, now
    subject.save()


def mark_overdue(now: datetime | None = None) -> bool:
    """The chore: what is open when its deadline passes is late from then on. Gives whether there was any."""
    moment = now or timezone.now()
    rows = Answer.objects.filter(late=False, standing=Standing.MISSING, late_from__lte=moment)
    found = list(rows.select_related("directive").order_by("late_from", "pk")[:OVERDUE])
    if not found:
        return False
    with writing():
        Answer.objects.filter(pk__in=[row.pk for row in found]).update(late=True, changed=moment)
        append([_overdue(row) for row in found])
        touched = {(row.directive_id, row.organisation_id) for row in found}
        for directive, organisation in sorted(touched):
            late = Answer.objects.filter(directive=directive, organisation=organisation, late=True).count()
            Subject.objects.filter(directive=directive, organisation=organisation).update(late=late)
    return True


def _overdue(row: Answer) -> Change:
    change = _event(row.directive, row, row.standing, row.late_from or row.changed)
    return structs.replace(change, detail={**change.detail, "late": True})


def end_excuses(now: datetime | None = None) -> bool:
    """The chore: an exception whose day has passed no longer counts. Gives whether there was any."""
    today = (now or timezone.now()).astimezone(UTC).date()
    rows = Excuse.objects.filter(approved=True, ended=False, until__lt=today).order_by("until", "pk")
    found: Sequence[Excuse] = list(rows[:OVERDUE])
    if not found:
        return False
    with writing():
        for row in found:
            Subject.objects.filter(directive=row.directive_id, organisation=row.organisation_id).update(
                stale=True, reached=0
            )
        Excuse.objects.filter(pk__in=[row.pk for row in found]).update(ended=True)
    return True
