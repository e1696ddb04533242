"""The national picture as one value: what pages show, what the report prints, what CSV and JSON hold.

Every figure comes from what the chores keep, or, for a past moment, from the events that the hub had by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Sum
from django.utils import timezone
from msgspec import Struct

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Snapshot
from tocsin.hub.rules.curve import Break, Look, Looked, Point, breaks, levels, points
from tocsin.hub.rules.daily import EVERYWHERE, FIXED, Key
from tocsin.hub.rules.none_known import Ground, sentence
from tocsin.hub.rules.words import OPEN, Compromise, Exposure
from tocsin.hub.situation.counting import counted_until
from tocsin.hub.situation.estimating import DONE, half_lives
from tocsin.hub.situation.looking import latest, looks_until
from tocsin.hub.situation.models import DailyCount, Estimate

SCHEMA = "tocsin/situation/1"
LONGEST = 400
"""Days that a curve shows at most."""
PUBLIC = ("government-national", "government-regional", "government-local", "government-tribal")
SHOWN = (
    Exposure.VULNERABLE,
    Exposure.PARTLY_MITIGATED,
    Exposure.MITIGATED,
    Exposure.PATCHED,
    Exposure.PATCH_VERIFIED,
    Exposure.UNKNOWN,
    Exposure.UNREACHABLE,
)
Table = dict[str, dict[str, int]]


class Situation(Struct, frozen=True, kw_only=True):
    """How it stands in one campaign.

    Attributes:
        schema: shape and version of this document.
        campaign: key of the campaign; ``name`` is for people.
        as_of: what the hub had learned by then; aware UTC.
        day: the last day of the curve.
        totals: servers by exposure on that day; ``compromise`` likewise by compromise.
        patched_not_clean: patched and not shown to be clean, nor an accepted risk.
        patched_suspected: of these, where somebody is known or suspected to have been inside.
        queues: lengths of other queues, as last worked out.
        curve: every shown state on every day, with what is sure of it.
        looked: by day, how many servers were known and how many covered.
        breaks: where a source changed its method.
        by: tables by sector, region and version: value to servers by exposure.
        half_lives: of the whole and by sector, in days.
        unseen: the estimate of what nobody has seen.
        public: one sentence on each part of the public sector, with what it rests on.
    """

    schema: str = SCHEMA
    campaign: str
    name: str
    as_of: datetime
    day: date
    totals: dict[str, int]
    compromise: dict[str, int]
    patched_not_clean: int
    patched_suspected: int
    queues: dict[str, int]
    curve: tuple[Point, ...]
    looked: dict[date, Looked]
    breaks: tuple[Break, ...]
    by: dict[str, Table]
    half_lives: list[dict[str, Any]]
    unseen: dict[str, Any]
    public: tuple[str, ...]


def situation(campaign: Campaign, *, as_of: datetime | None = None) -> Situation | None:
    """How it stands, or stood as the hub knew it at a moment; None before the first snapshot."""
    day = last_day(as_of)
    if day is None:
        return None
    cells = dict(counted_until(as_of, campaign.key).days) if as_of else None
    whole = _changes(campaign, cells, day)
    shown = looks_until(campaign, as_of)
    looked = {when: one for when, one in latest(shown).items() if when <= day}
    totals, compromise, pairs = _last(whole, day)
    by = {name: _table(campaign, cells, name, day) for name in ("sector", "region", "branch")}
    patched = {pair: number for pair, number in pairs.items() if pair[0] in FIXED and pair[1] not in DONE}
    return Situation(
        campaign=campaign.key,
        name=campaign.name,
        as_of=as_of or timezone.now(),
        day=day,
        totals=totals,
        compromise=compromise,
        patched_not_clean=sum(patched.values()),
        patched_suspected=sum(number for pair, number in patched.items() if pair[1] in INSIDE),
        queues=_estimate(campaign, Estimate.QUEUES, as_of, {}),
        curve=_curve(whole, looked, day),
        looked=looked,
        breaks=_breaks(as_of, day),
        by=by,
        half_lives=_half_lives(campaign, as_of, day),
        unseen=_estimate(campaign, Estimate.UNSEEN, as_of, {}),
        public=_public(by["sector"], latest_by_sector(campaign, as_of, day)),
    )


INSIDE = frozenset({Compromise.SUSPECTED, Compromise.CONFIRMED, Compromise.CONTAINED, Compromise.REMOVED})
"""Somebody is known or suspected to have been there, and the server is not shown to be clean."""


def last_day(as_of: datetime | None) -> date | None:
    """The day of the newest snapshot that was finished by then."""
    rows = Snapshot.objects.filter(state=Snapshot.COMPLETE)
    rows = rows.filter(finished__lte=as_of) if as_of else rows
    newest: datetime | None = rows.aggregate(newest=Max("taken"))["newest"]
    return newest.date() if newest else None


def _changes(
    campaign: Campaign, cells: Mapping[Key, int] | None, until: date
) -> Counter[tuple[date, str, str]]:
    """What changed in the whole: by day, exposure and compromise."""
    found: Counter[tuple[date, str, str]] = Counter()
    if cells is None:
        rows = DailyCount.objects.filter(campaign=campaign, dimension=EVERYWHERE, value="", day__lte=until)
        for day, exposure, compromise, number in rows.values_list("day", "exposure", "compromise", "change"):
            found[(day, exposure, compromise)] += number
    else:
        for key, number in cells.items():
            if key.dimension == EVERYWHERE and key.day <= until.toordinal():
                found[(date.fromordinal(key.day), key.exposure, key.compromise)] += number
    return found


def _last(
    changes: Mapping[tuple[date, str, str], int], day: date
) -> tuple[dict[str, int], dict[str, int], Counter[tuple[str, str]]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for (when, exposure, compromise), number in changes.items():
        if when <= day:
            pairs[(exposure, compromise)] += number
    totals: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    for (exposure, compromise), number in pairs.items():
        totals[exposure] += number
        inside[compromise] += number
    return _plain(totals, Exposure), _plain(inside, Compromise), pairs


def _plain(counts: Mapping[str, int], words: Iterable[str]) -> dict[str, int]:
    return {str(word): counts[word] for word in words if counts.get(word, 0) > 0}


def _curve(
    changes: Mapping[tuple[date, str, str], int], looked: Mapping[date, Looked], day: date
) -> tuple[Point, ...]:
    by_day: Counter[tuple[date, str]] = Counter()
    for (when, exposure, _), number in changes.items():
        by_day[(when, exposure)] += number
    if not by_day:
        return ()
    first = max(min(when for when, _ in by_day), day - timedelta(days=LONGEST - 1))
    days = [first + timedelta(days=number) for number in range((day - first).days + 1)]
    return tuple(points(levels(by_day, days), looked, [state.value for state in SHOWN]))


def _table(campaign: Campaign, cells: Mapping[Key, int] | None, dimension: str, day: date) -> Table:
    found: dict[str, Counter[str]] = {}
    if cells is None:
        rows = DailyCount.objects.filter(campaign=campaign, dimension=dimension, day__lte=day)
        grouped = rows.values_list("value", "exposure").annotate(n=Sum("change")).order_by("value")
        for value, exposure, number in grouped:
            found.setdefault(value, Counter())[exposure] += number
    else:
        for key, number in cells.items():
            if key.dimension == dimension and key.day <= day.toordinal():
                found.setdefault(key.value, Counter())[key.exposure] += number
    table = {value: _plain(counts, Exposure) for value, counts in sorted(found.items())}
    return {value: counts for value, counts in table.items() if counts}


def _breaks(as_of: datetime | None, day: date) -> tuple[Break, ...]:
    rows = Snapshot.objects.filter(state=Snapshot.COMPLETE, taken__date__lte=day).select_related("source")
    rows = rows.filter(finished__lte=as_of) if as_of else rows
    looks, same = [], []
    for taken, name, method, succeeds in rows.values_list("taken", "source__name", "method", "succeeds"):
        looks.append(Look(taken.date(), name, method))
        same += [(name, before, method) for before in succeeds]
    return tuple(breaks(looks, same))


def _estimate(campaign: Campaign, kind: str, as_of: datetime | None, otherwise: Any) -> Any:
    rows = Estimate.objects.filter(campaign=campaign, kind=kind)
    rows = rows.filter(recorded__lte=as_of) if as_of else rows
    newest = rows.order_by("-recorded", "-id").first()
    return newest.figures if newest else otherwise


def _half_lives(campaign: Campaign, as_of: datetime | None, day: date) -> list[dict[str, Any]]:
    """As kept; for a past moment anew from the events, so that they rest on what was known and no more."""
    if as_of is None:
        return list(_estimate(campaign, Estimate.HALF_LIFE, None, []))
    spans = counted_until(as_of, campaign.key).spans
    kept = {span: number for span, number in spans.items() if span.dimension in {EVERYWHERE, "sector"}}
    return half_lives(kept, day)


def latest_by_sector(campaign: Campaign, as_of: datetime | None, day: date) -> dict[str, Looked]:
    """By sector: known and covered on the newest day that was worked out."""
    rows = [one for one in looks_until(campaign, as_of, dimension="sector") if one.day <= day]
    return {
        one.value: Looked(one.known, one.covered)
        for one in sorted(rows, key=lambda row: (row.day, row.recorded))
    }


def _public(sectors: Table, looked: Mapping[str, Looked]) -> tuple[str, ...]:
    return tuple(
        sentence(
            Ground(
                name=name.replace("-", " ").capitalize(),
                open=sum(number for state, number in sectors.get(name, {}).items() if state in OPEN),
                vulnerable=sectors.get(name, {}).get(Exposure.VULNERABLE, 0),
                known=looked[name].known if name in looked else 0,
                covered=looked[name].covered if name in looked else 0,
            )
        )
        for name in PUBLIC
        if name in looked or name in sectors
    )
