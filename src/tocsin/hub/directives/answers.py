"""Answers as they are written: what changed, what the chain is told of it, and the counts, set-based."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from django.db.models import Count, F, Q

from tocsin.hub.census.bulk import Table
from tocsin.hub.directives.models import Answer, Directive, Subject
from tocsin.hub.directives.scoping import KIND
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.rules.deadlines import Deadline
from tocsin.hub.rules.directives import SILENT, Standing
from tocsin.hub.rules.directives import Answer as Judged
from tocsin.hub.rules.directives import Directive as Order

JUDGED = ("standing", "found", "reason", "at", "locators", "due", "late_from", "late")
Place = tuple[int, int, str, int]
"""Organisation, server (0 for the organisation itself), requirement and round."""


def write(row: Directive, judged: Mapping[Place, Judged], now: datetime) -> None:
    """Write what changed, and tell the chain: what is new and open is no event, every change after it is."""
    kept = _kept(row, judged)
    new: list[tuple[object, ...]] = []
    changed: list[Answer] = []
    events: list[Change] = []
    for place, one in judged.items():
        owner, server, requirement, number = place
        before = kept.get((server or -owner, requirement, number))
        values = _values(one)
        if before is None:
            new.append((row.pk, owner, server or None, requirement, number, *values, now))
            if values[0] not in _SILENT:
                events.append(_event(row, place, "", one, now))
            continue
        stood = before.standing
        if not _apply(before, owner, values, now):
            continue
        changed.append(before)
        if stood != before.standing:
            events.append(_event(row, place, stood, one, now))
    _new().insert(new)
    rows = [[getattr(each, name) for name in _ATTRIBUTES] for each in changed]
    _whole().upsert(rows, unique=("id",), update=("organisation", *JUDGED, "changed"))()
    append(events)


_SILENT = frozenset({Standing.MISSING.value, Standing.NOT_APPLICABLE.value})


def _kept(row: Directive, judged: Iterable[Place]) -> dict[tuple[int, str, int], Answer]:
    """The answers that stand, by server (or an organisation's number below zero), requirement and round."""
    servers = {server for _, server, _, _ in judged if server}
    owners = {owner for owner, server, _, _ in judged if not server}
    rows = Answer.objects.filter(directive=row)
    found = (*rows.filter(server__in=servers), *rows.filter(server=None, organisation__in=owners))
    return {(each.server_id or -each.organisation_id, each.requirement, each.round): each for each in found}


_ATTRIBUTES = (
    "id",
    "directive_id",
    "organisation_id",
    "server_id",
    "requirement",
    "round",
    *JUDGED,
    "changed",
)
_COLUMNS = ("directive", "organisation", "server", "requirement", "round", *JUDGED, "changed")


@cache
def _new() -> Table:
    return Table(Answer, _COLUMNS)


@cache
def _whole() -> Table:
    return Table(Answer, ("id", *_COLUMNS))


def _values(one: Judged) -> tuple[object, ...]:
    """A judgement as the columns of `JUDGED`."""
    proof = one.proof
    applies = proof.standing is not Standing.NOT_APPLICABLE and proof.reason != SILENT
    return (
        proof.standing.value,
        proof.found,
        proof.reason[:1000].replace("\0", ""),
        proof.at,
        [place[:500] for place in proof.locators[:20]],
        _spelt(one.due),
        late_from(one.due) if applies else None,
        one.late,
    )


@lru_cache(maxsize=1 << 10)
def _spelt(due: Deadline | None) -> str:
    return str(due) if due else ""


@lru_cache(maxsize=1 << 10)
def late_from(due: Deadline | None) -> datetime | None:
    """The first moment at which what is open is late: the deadline itself where the order says "before"."""
    if due is None:
        return None
    return due.at.astimezone(UTC) if due.strict else due.at.astimezone(UTC) + timedelta(microseconds=1)


def _apply(row: Answer, organisation: int, values: tuple[object, ...], now: datetime) -> bool:
    """Bring a row up to a judgement; gives whether that changed anything."""
    before = tuple(getattr(row, name) for name in JUDGED)
    if before == values and row.organisation_id == organisation:
        return False
    for name, value in zip(JUDGED, values, strict=True):
        setattr(row, name, value)
    row.organisation_id, row.changed = organisation, now
    return True


def _event(row: Directive, place: Place, before: str, one: Judged, now: datetime) -> Change:
    owner, server, requirement, number = place
    detail: dict[str, object] = {
        "directive": row.key,
        "requirement": requirement,
        "reason": one.proof.reason[:300].replace("\0", ""),
        "locators": [where[:500] for where in one.proof.locators[:5]],
    }
    return _change(owner, server, before, one.proof.standing.value, _more(detail, number, late=one.late), now)


def _more(detail: dict[str, object], number: int, *, late: bool) -> dict[str, object]:
    return detail | ({"round": number} if number else {}) | ({"late": True} if late else {})


def _change(
    owner: int, server: int, before: str, after: str, detail: dict[str, object], at: datetime
) -> Change:
    subject = f"server:{server}" if server else f"organisation:{owner}"
    return Change(
        at=at, kind=KIND, subject=subject, actor="directives", before=before, after=after, detail=detail
    )


def tell_overdue(rows: Iterable[Answer]) -> None:
    """Tell the chain that answers became late when their deadlines passed. Only inside `writing`."""
    append([_overdue(row) for row in rows])


def _overdue(row: Answer) -> Change:
    detail: dict[str, object] = {
        "directive": row.directive.key,
        "requirement": row.requirement,
        "reason": row.reason[:300],
        "locators": row.locators[:5],
    }
    more = _more(detail, row.round, late=True)
    at = row.late_from or row.changed
    return _change(row.organisation_id, row.server_id or 0, row.standing, row.standing, more, at)


def forget(row: Directive, order: Order, organisations: Collection[int]) -> None:
    """Answers of servers that left, and of requirements that the newest text no longer has, go."""
    mine = Answer.objects.filter(directive=row, organisation__in=organisations)
    asked = [each.id for each in order.requirements]
    elsewhere = Q(server__isnull=False) & (
        Q(server__organisation=None) | ~Q(server__organisation=F("organisation"))
    )
    gone = mine.filter(~Q(requirement__in=asked) | elsewhere).values_list("pk", flat=True)
    if numbers := list(gone):
        Answer.objects.filter(pk__in=numbers).delete()


COUNTED = ("servers", "proven", "claimed", "excepted", "missing", "not_applicable", "late")


def count(row: Directive, organisations: Collection[int], now: datetime) -> None:
    """Count the answers of organisations that were judged to the end, and let them wait no longer."""
    counts = _counts(row, organisations)
    rows = [
        (row.pk, number, False, 0, now, *(counts[number][name] for name in COUNTED))
        for number in organisations
    ]
    _subjects().upsert(rows, unique=("directive", "organisation"), update=(*_JUDGING, *COUNTED))()


_JUDGING = ("stale", "reached", "judged")


@cache
def _subjects() -> Table:
    return Table(Subject, ("directive", "organisation", *_JUDGING, *COUNTED))


def _counts(row: Directive, organisations: Collection[int]) -> Mapping[int, Counter[str]]:
    mine = Answer.objects.filter(directive=row, organisation__in=organisations)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    by_standing = mine.values("organisation", "standing").order_by()
    for one in by_standing.annotate(n=Count("pk"), behind=Count("pk", filter=Q(late=True))):
        found[one["organisation"]][one["standing"].replace("-", "_")] = one["n"]
        found[one["organisation"]]["late"] += one["behind"]
    owned = mine.filter(server__isnull=False).values("organisation").order_by()
    for each in owned.annotate(n=Count("server", distinct=True)):
        found[each["organisation"]]["servers"] = each["n"]
    return found
