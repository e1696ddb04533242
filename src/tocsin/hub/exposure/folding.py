"""From observations and decisions to standings: folds what changed, writes it, and tells the chain.

Planning reads and computes outside of transactions; the writer that it gives looks once more whether somebody
decided meanwhile about one of the servers, and folds those again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache

from django.utils import timezone
from msgspec import Struct

from tocsin.hub.census.bulk import Table, Write
from tocsin.hub.census.known import Known, Seen
from tocsin.hub.census.models import Snapshot
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.facts import Followed, followed
from tocsin.hub.exposure.looks import LookTable, place_of
from tocsin.hub.exposure.models import Decision, Event, Standing
from tocsin.hub.rules import compromise, days, exposure
from tocsin.hub.rules.decisions import Kind, Told
from tocsin.hub.rules.statements import Statement
from tocsin.hub.rules.words import OPEN, Compromise, Exposure, Grade

STATE = (
    "organisation",
    "exposure",
    "compromise",
    "worst",
    "compromise_since",
    "grade",
    "reason",
    "since",
    "opened",
    "closed",
    "reopened",
    "shell_seen",
    "contradictory",
    "false_positive_until",
    "last_seen",
    "sector",
    "country",
    "region",
    "branch",
)
"""Columns that a fold decides."""
FIXED = frozenset({Exposure.PATCHED, Exposure.PATCH_VERIFIED})

_About = Sequence[tuple[Seen, Statement]]
_fold = lru_cache(maxsize=1 << 15)(exposure.fold)


class Row(Struct, frozen=True, kw_only=True):
    """A standing as a fold decides it; fields as in `models.Standing`."""

    organisation: int | None
    exposure: str
    compromise: str
    worst: str
    compromise_since: date | None
    grade: str
    reason: str
    since: date
    opened: date
    closed: date | None
    reopened: int
    shell_seen: date | None
    contradictory: bool
    false_positive_until: date | None
    last_seen: datetime
    sector: str
    country: str
    region: str
    branch: str


class Folded(Struct, frozen=True, kw_only=True):
    """One server in one campaign: what it was, what it is, and the changes between."""

    server: int
    campaign: Followed
    before: Row | None
    after: Row
    path: tuple[tuple[int, Exposure], ...]
    last_open: date | None = None  # before the state began: with it, the fix lies between two known days
    told: tuple[tuple[int, str], ...] | None = (
        None  # the path as the chain tells it, where the past can change
    )


class Folder:
    """Folds servers for every campaign that is followed (a `census.followers.Follower`)."""

    def __init__(self) -> None:
        """Read campaigns and snapshots as they stand."""
        self.campaigns = followed()
        self._looks = {one.key: LookTable(one.reader.facts.words) for one in self.campaigns}
        self._late = _past_can_change()

    def missing(self, servers: Sequence[int], *, replay: bool) -> list[int]:
        """Give servers that stand open, and those under a false positive; in a replay, all."""
        if replay:
            return list(servers)
        words = [*(OPEN - {Exposure.UNREACHABLE}), Exposure.FALSE_POSITIVE]
        found = Standing.objects.filter(server_id__in=list(servers), exposure__in=words)
        return list(found.values_list("server_id", flat=True).distinct())

    def plan(self, servers: Mapping[int, Known], sightings: Mapping[int, Sequence[Seen]]) -> Write:
        """Fold servers; give what writes the result."""
        newest = _newest_decision()
        results = self._results(servers, sightings)

        recorded = record(results)

        def write() -> None:
            late = _decided_since(newest, servers)
            if not late:
                recorded()
                return
            again = self._results({one: servers[one] for one in late}, sightings)
            record([*(one for one in results if one.server not in late), *again])()

        return write

    def _results(self, servers: Mapping[int, Known], sightings: Mapping[int, Sequence[Seen]]) -> list[Folded]:
        told = decisions_of(servers)
        before = standings_of(servers)
        paths = paths_told(servers) if self._late else {}
        today = days.number(timezone.now().date())
        found = []
        for campaign in self.campaigns:
            for server, known in servers.items():
                key = (server, campaign.id)
                folded = self._one(campaign, known, sightings[server], told.get(key, ()), today)
                if folded:
                    row, path, last_open = folded
                    found.append(
                        Folded(
                            server=server,
                            campaign=campaign,
                            before=before.get(key),
                            after=row,
                            path=path,
                            last_open=last_open,
                            told=paths.get((server, campaign.key), ()) if self._late else None,
                        )
                    )
        return found

    def exposure_of(
        self, campaign: Followed, sightings: Sequence[Seen], told: Sequence[Told], today: int
    ) -> exposure.State | None:
        """Give one server's exposure in one campaign, with the path to it; None if nothing concerns it."""
        about = _about(campaign, sightings)
        return self._state(campaign, about, told, today) if about or told else None

    def _one(
        self, campaign: Followed, known: Known, sightings: Sequence[Seen], told: Sequence[Told], today: int
    ) -> tuple[Row, tuple[tuple[int, Exposure], ...], date | None] | None:
        about = _about(campaign, sightings)
        state = self._state(campaign, about, told, today) if about or told else None
        if state is None:
            return None
        row = _row(known, about, state, compromise.fold(shells(campaign, about), told))
        return row, state.path, _last_open(about, state)

    def _state(
        self, campaign: Followed, about: _About, told: Sequence[Told], today: int
    ) -> exposure.State | None:
        table = self._looks[campaign.key]
        seen = tuple(
            exposure.Seen(
                source=one.source,
                days=one.days,
                exposure=statement.exposure,
                checked=statement.checked,
                method=one.method,
                place=place_of(one) if table.place_matters(one.source) else None,
            )
            for one, statement in about
        )
        looks = table.of([one for one, _ in about])
        return _fold(exposure.History(seen=seen, looks=looks, told=tuple(told)), today=today)


def _about(campaign: Followed, sightings: Sequence[Seen]) -> _About:
    """Give what was seen about a campaign, with what it says."""
    said = ((one, _statement(campaign, one)) for one in sightings)
    return [(one, statement) for one, statement in said if statement is not None]


def _statement(campaign: Followed, one: Seen) -> Statement | None:
    return campaign.reader.read(build=one.build, tags=one.tags, status=one.status, product=one.product)


def shells(campaign: Followed, about: _About) -> int:
    """Give the days on which a web shell was seen, since the campaign's first cited exploitation."""
    found = 0
    for one, statement in about:
        if statement.shell:
            found |= one.days
    since = campaign.reader.facts.since
    return found >> days.number(since) << days.number(since) if since else found


def _row(known: Known, about: _About, state: exposure.State, done: compromise.State) -> Row:
    newest = max(about, key=lambda pair: pair[0].order, default=None)
    branches = (said.branch for _, said in sorted(about, key=lambda pair: pair[0].order, reverse=True))
    return Row(
        organisation=known.organisation,
        exposure=state.exposure.value,
        compromise=done.compromise.value,
        worst=done.worst.value,
        compromise_since=_date(done.since),
        grade=state.grade.value,
        reason=state.reason,
        since=days.day_of(state.since),
        opened=days.day_of(state.opened),
        closed=_date(state.closed),
        reopened=state.reopened,
        shell_seen=_date(done.shell_seen),
        contradictory=state.contradictory,
        false_positive_until=_date(state.false_positive_until),
        last_seen=newest[0].last if newest else known.last,
        sector=known.sector,
        country=known.country,
        region=known.region,
        branch=next((branch for branch in branches if branch), "")[:60],
    )


def _last_open(about: Iterable[tuple[Seen, Statement]], state: exposure.State) -> date | None:
    """Give the last day before a fix on which somebody saw the server open."""
    if state.exposure not in FIXED:
        return None
    sets = [one.days for one, said in about if said.exposure in OPEN and said.exposure in exposure.BY_SIGHT]
    found = [last for one in sets if (last := days.last(one, until=state.since - 1)) is not None]
    return _date(max(found, default=None))


def _date(count: int | None) -> date | None:
    return None if count is None else days.day_of(count)


# --- reading ------------------------------------------------------------------------------------------


def decisions_of(servers: Iterable[int]) -> dict[tuple[int, int], tuple[Told, ...]]:
    """Give the decisions that stand, by server and campaign, in their order."""
    found: dict[tuple[int, int], list[Told]] = defaultdict(list)
    decided = [row[0] for row in Table(Decision, ("id",)).read("server_id", servers)]
    if not decided:  # of most servers nobody decides anything
        return {}
    for row in Decision.objects.filter(id__in=decided, superseded_by=None).order_by("id"):
        if row.kind != Kind.WITHDRAWN:
            found[row.server_id, row.campaign_id].append(told_of(row))
    return {key: tuple(sorted(group, key=lambda one: one.order)) for key, group in found.items()}


def told_of(row: Decision) -> Told:
    """Give a decision as the folds take it."""
    at = row.at.astimezone(UTC)
    return Told(
        kind=Kind(row.kind),
        day=days.number(at.date()),
        moment=at.timestamp(),
        grade=Grade(row.grade),
        exposure=Exposure(row.exposure) if row.exposure else None,
        compromise=Compromise(row.compromise) if row.compromise else None,
        present=row.residual == "present",
        clean=row.shown_clean and row.grade == Grade.RE_ASSESSED,
        until=days.number(row.until) if row.until else None,
    )


def standings_of(servers: Iterable[int]) -> dict[tuple[int, int], Row]:
    """Give standings as they are stored, by server and campaign."""
    rows = Table(Standing, ("server", "campaign", *STATE)).read("server_id", servers)
    return {(row[0], row[1]): Row(**dict(zip(STATE, row[2:], strict=True))) for row in rows}


def paths_told(servers: Iterable[int]) -> dict[tuple[int, str], tuple[tuple[int, str], ...]]:
    """Give every path of exposures as the chain tells it by now, by server and campaign's key.

    What was told later replaces what was told of the same day and the days after it (`rules.daily`).
    """
    subjects = {f"server:{server}": server for server in servers}
    rows = Event.objects.filter(subject__in=list(subjects), kind="exposure").order_by("id")
    found: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
    for subject, campaign, at, after, detail in rows.values_list(
        "subject", "campaign", "at", "after", "detail"
    ):
        steps = [(days.number(date.fromisoformat(day)), state) for day, state in detail.get("path", ())]
        path = found[subjects[subject], campaign]
        for day, state in steps or [(days.number(at.astimezone(UTC).date()), after)]:
            while path and path[-1][0] >= day:
                path.pop()
            if not path or path[-1][1] != state:
                path.append((day, state))
    return {key: tuple(path) for key, path in found.items()}


def _past_can_change() -> bool:
    """Whether what is folded now may lie before what was folded: anything but the newest census of all."""
    taken = Snapshot.objects.filter(state__in=(Snapshot.RUNNING, Snapshot.SETTLING)).values_list(
        "taken", flat=True
    )
    newest = (
        Snapshot.objects.filter(state=Snapshot.COMPLETE).order_by("-taken").values_list("taken", flat=True)
    )
    now, before = taken.order_by("taken").first(), newest.first()
    return now is None or (before is not None and now.date() <= before.date())


def _newest_decision() -> int:
    return Decision.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _decided_since(newest: int, servers: Mapping[int, Known]) -> set[int]:
    late = Decision.objects.filter(id__gt=newest).values_list("server_id", flat=True)
    return {one for one in late if one in servers}


# --- writing ------------------------------------------------------------------------------------------


def record(results: Iterable[Folded], *, actor: str = "census") -> Write:
    """Give what writes standings that differ from what is stored, and tells the chain, inside `writing`."""
    results = list(results)
    changed = [one for one in results if one.before != one.after]
    rows = ((one.server, one.campaign.id, *(getattr(one.after, name) for name in STATE)) for one in changed)
    table = Table(Standing, ("server", "campaign", *STATE))
    upsert = table.upsert(rows, unique=("server", "campaign"), update=STATE)
    changes = [change for one in results for change in changes_of(one, actor)]

    def write() -> None:
        upsert()
        append(changes)

    return write


def changes_of(one: Folded, actor: str) -> list[Change]:
    """Give what the chain is to know: changes of state, not of the day on which a server was last seen."""
    before, after = one.before, one.after
    found = []
    if before is not None and before.organisation != after.organisation:
        step = (_organisation(before), _organisation(after))
        found.append(_change(one, actor, "owner", step, (after.last_seen.astimezone(UTC).date(), {})))
    if before is None or _episode(before) != _episode(after) or _corrected(one):
        step = (before.exposure if before else "", after.exposure)
        found.append(_change(one, actor, "exposure", step, (after.since, _detail(one))))
    elif _place(before) != _place(after):
        day = after.last_seen.astimezone(UTC).date()
        found.append(_change(one, actor, "place", ("", ""), (day, {"place": _place(after)})))
    if (before.compromise if before else Compromise.UNKNOWN) != after.compromise or _earlier(before, after):
        step = (before.compromise if before else "", after.compromise)
        found.append(
            _change(one, actor, "compromise", step, (after.compromise_since, {"worst": after.worst}))
        )
    if (before.contradictory if before else False) != after.contradictory:
        step = ("agree", "disagree") if after.contradictory else ("disagree", "agree")
        found.append(_change(one, actor, "sources", step, (after.last_seen.astimezone(UTC).date(), {})))
    return found


def _earlier(before: Row | None, after: Row) -> bool:
    """Whether the compromise is the same and turns out to have begun earlier: a late census showed it."""
    told = before.compromise_since if before else None
    return told is not None and after.compromise_since is not None and after.compromise_since < told


def _organisation(row: Row) -> str:
    return f"organisation:{row.organisation}" if row.organisation else ""


def _episode(row: Row) -> tuple[object, ...]:
    return (row.exposure, row.since, row.opened, row.closed, row.reopened, row.false_positive_until)


def _place(row: Row) -> dict[str, str]:
    """Give where a standing counts: by events alone, past counts can be made anew."""
    return {name: getattr(row, name) for name in ("sector", "region", "country", "branch")}


def _detail(one: Folded) -> dict[str, object]:
    """Explain a change; ``path`` gives every step, where a late census told of more than one."""
    after = one.after
    detail: dict[str, object] = {"reason": after.reason, "grade": after.grade, "opened": str(after.opened)}
    if one.before is None or _place(one.before) != _place(after):
        detail["place"] = _place(after)
    if one.last_open:
        detail["last_open"] = str(one.last_open)
    if after.closed:
        detail["closed"] = str(after.closed)
    if after.reopened:
        detail["reopened"] = after.reopened
    steps = [[str(days.day_of(day)), state.value] for day, state in _untold(one)]
    if len(steps) > 1 or _corrected(one):
        detail["path"] = steps
    return detail


def _untold(one: Folded) -> list[tuple[int, Exposure]]:
    """Give the steps that the chain does not tell: those since the state before, or from a correction on."""
    if _corrected(one):
        same = _alike(one)
        return list(one.path[min(same, len(one.path) - 1) :])
    known = days.number(one.before.since) if one.before else -1
    return [(day, state) for day, state in one.path if day > known]


def _corrected(one: Folded) -> bool:
    """Whether the past up to the last step that was told is another one now. What lies over it is no past."""
    if not one.told or one.after.exposure == Exposure.FALSE_POSITIVE:
        return False
    if any(state == Exposure.FALSE_POSITIVE for _, state in one.told):
        return False
    return _alike(one) < len(one.told)


def _alike(one: Folded) -> int:
    """Give how many steps of the path are as they were told."""
    pairs = zip(one.told or (), one.path, strict=False)
    return next(
        (at for at, (old, new) in enumerate(pairs) if old != new), min(len(one.told or ()), len(one.path))
    )


def _change(
    one: Folded, actor: str, kind: str, step: tuple[str, str], what: tuple[date | None, dict[str, object]]
) -> Change:
    day, detail = what
    return Change(
        at=datetime.combine(day or one.after.since, time.min, UTC),
        kind=kind,
        subject=f"server:{one.server}",
        actor=actor,
        campaign=one.campaign.key,
        before=step[0],
        after=step[1],
        detail=detail,
    )
