"""Figures that take seconds: half-lives, and what nobody has seen. Worked out when all else is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import CensusSource, Observation, Snapshot
from tocsin.hub.exposure.models import Standing
from tocsin.hub.rules import interval_censored, unseen
from tocsin.hub.rules.daily import AT_RISK, EVERYWHERE, FIXED, Episode, time_open
from tocsin.hub.rules.interval_censored import Between
from tocsin.hub.rules.scope import Place
from tocsin.hub.rules.words import Compromise
from tocsin.hub.situation.counting import Span
from tocsin.hub.situation.looking import cover_of, words_of
from tocsin.hub.situation.models import Counted, Estimate, TimesOpen

DRAWS = 100
FEW_DRAWS = 40
LEAST = 20
"""Servers that a half-life needs at least."""
WINDOW = timedelta(days=8)
"""Sources that looked longer ago than this do not count as looking now."""
WHOLE = 0.9
"""Share of the known servers that a source must cover to be held against others."""
BUSY = (Snapshot.WAITING, Snapshot.RUNNING, Snapshot.SETTLING)
DONE = frozenset({Compromise.VERIFIED_CLEAN, Compromise.ACCEPTED_RISK})


def estimate() -> bool:
    """Work all estimates out anew, once events were counted and nothing is being imported. Says whether."""
    counted = Counted.objects.get_or_create(pk=1)[0]
    if counted.estimated >= counted.events or Snapshot.objects.filter(state__in=BUSY).exists():
        return False
    rows = [row for campaign in Campaign.objects.filter(active=True) for row in estimates(campaign)]
    for row in rows:
        row.through = counted.events
    with transaction.atomic():
        Estimate.objects.bulk_create(rows)
        counted.estimated = counted.events
        counted.save(update_fields=["estimated"])
    return True


def estimates(campaign: Campaign) -> list[Estimate]:
    """Every estimate of one campaign, as of the day of its newest snapshot; none before the first."""
    newest = Snapshot.objects.filter(state=Snapshot.COMPLETE).aggregate(newest=Max("taken"))["newest"]
    if newest is None or not Standing.objects.filter(campaign=campaign).exists():
        return []
    day, now = newest.date(), timezone.now()
    found = {
        Estimate.HALF_LIFE: half_lives(kept_spans(campaign), day),
        Estimate.UNSEEN: unseen_figures(campaign, newest),
        Estimate.QUEUES: queue_figures(campaign),
    }
    return [
        Estimate(campaign=campaign, kind=kind, day=day, figures=figures, recorded=now, through=0)
        for kind, figures in found.items()
    ]


def kept_spans(campaign: Campaign) -> dict[Span, int]:
    """The times open that are kept, of the whole and by sector."""
    rows = TimesOpen.objects.filter(campaign=campaign, dimension__in=(EVERYWHERE, "sector"))
    fields = ("dimension", "value", "opened", "last_open", "fixed", "servers")
    return {Span(*row[:5]): row[5] for row in rows.values_list(*fields)}


def half_lives(spans: Mapping[Span, int], day: date) -> list[dict[str, Any]]:
    """Half-life with its interval, of the whole and by sector.

    Each has ``dimension``, ``value``, ``servers``, ``days``, ``least``, ``low`` and ``high``; the whole also
    ``curve``. ``days`` counts who is no longer reported as not yet fixed, ``least`` as fixed then; the truth
    lies between, and the interval (95 %) spans both. None where the curve did not come down to one half.
    """
    groups: dict[tuple[str, str], list[Counter[Between]]] = {}
    for span, number in spans.items():
        episode = Episode(span.opened, span.last_open or None, span.fixed or None)
        lasted = time_open(episode, day.toordinal())
        if lasted is not None and number > 0:
            group = groups.setdefault((span.dimension, span.value), [Counter(), Counter()])
            group[0][lasted] += number
            group[1][_as_if_fixed(lasted) if episode.last_open else lasted] += number
    return [_half_life(dimension, value, *groups[dimension, value]) for dimension, value in sorted(groups)]


def _as_if_fixed(lasted: Between) -> Between:
    """A server that is no longer reported, taken to have been fixed within the two days after."""
    return Between(left=lasted.left, right=min(lasted.right, lasted.left + 2))


def _half_life(
    dimension: str, value: str, counts: Mapping[Between, float], least: Mapping[Between, float]
) -> dict[str, Any]:
    servers = int(sum(counts.values()))
    found: dict[str, Any] = {"dimension": dimension, "value": value, "servers": servers}
    if servers < LEAST:
        return {**found, "days": None, "low": None, "high": None, "least": None}
    draws = DRAWS if dimension == EVERYWHERE else FEW_DRAWS
    life = interval_censored.half_life(dict(counts), draws=draws)
    lower = interval_censored.half_life(dict(least), draws=draws)
    days = {"days": _finite(life.days), "low": _finite(lower.low), "high": _finite(life.high)}
    curve = _curve(counts) if dimension == EVERYWHERE else []
    return {**found, **days, "least": _finite(lower.days), "curve": curve}


def _curve(counts: Mapping[Between, float]) -> list[list[float]]:
    falls = interval_censored.turnbull(dict(counts))
    last = max((fall.right for fall in falls if isfinite(fall.right)), default=0.0)
    days = [float(day) for day in range(int(last) + 1)]
    shares = interval_censored.open_shares(falls, days)
    return [[day, round(high, 6)] for day, (_, high) in zip(days, shares, strict=True)]


def _finite(days: float) -> float | None:
    return round(days, 2) if isfinite(days) else None


def unseen_figures(campaign: Campaign, newest: datetime) -> dict[str, Any]:
    """What nobody has seen of the servers that are open: figures, words, and the groups compared."""
    looking, left_out = _groups(campaign, newest)
    found = unseen.estimate(_patterns(campaign, looking))
    words = [*found.words, *(f"{name} is not compared: {why}." for name, why in sorted(left_out.items()))]
    return {
        "seen": found.seen,
        "total": _finite(found.total),
        "low": round(found.low),
        "high": _finite(found.high),
        "at_least": _finite(found.at_least),
        "method": found.method,
        "words": words,
        "groups": sorted({name for name, _ in looking.values()}),
    }


def _groups(campaign: Campaign, newest: datetime) -> tuple[dict[int, tuple[str, datetime]], dict[str, str]]:
    """Sources that looked at (nearly) everything lately; and those left out, with the reason.

    Each comes with its group, and the moment since which a sighting belongs to its last look.
    """
    found: dict[int, tuple[str, datetime]] = {}
    left_out: dict[str, str] = {}
    words = words_of(campaign)
    for source in CensusSource.objects.order_by("id"):
        lately = Snapshot.objects.filter(source=source, state=Snapshot.COMPLETE, taken__gte=newest - WINDOW)
        looked = (one for one in lately.order_by("-taken", "-id") if cover_of(one).checks(words))
        last = next(looked, None)  # of another campaign's check nothing follows for this one
        if last is None:
            left_out[source.name] = "it did not look for this lately"
        elif _share(campaign, last) < WHOLE:
            left_out[source.name] = "it looks at a part only"
        else:
            since = last.taken - timedelta(days=max(1, last.window_days if last.lists_all else 1))
            found[source.pk] = (source.independent_group or source.key, since)
    return found, left_out


def _share(campaign: Campaign, snapshot: Snapshot) -> float:
    """The share of a sample of known servers that a snapshot covered."""
    cover = cover_of(snapshot)
    if cover.whole:
        return 1.0
    rows = Standing.objects.filter(campaign=campaign).order_by("-last_seen", "-id")
    places = rows.values_list("server__ip", "server__port", "server__country")[:5_000]
    covered = [cover.covers(Place(*place)) for place in places]
    return sum(covered) / len(covered) if covered else 0.0


def _patterns(campaign: Campaign, looking: Mapping[int, tuple[str, datetime]]) -> dict[frozenset[str], int]:
    """How many open servers each combination of groups saw in its last look.

    Counted by place (address and port), since sources do not all learn a server's name.
    """
    saw: dict[tuple[str, int], frozenset[str]] = {}
    for source, (group, since) in looking.items():
        rows = Observation.objects.filter(
            source_id=source,
            last_seen__gt=since,
            server__standings__campaign=campaign,
            server__standings__exposure__in=[state.value for state in AT_RISK],
        )
        for place in rows.values_list("ip", "port").iterator(chunk_size=5_000):
            saw[place] = saw.get(place, frozenset()) | {group}
    return dict(Counter(saw.values()))


def queue_figures(campaign: Campaign) -> dict[str, int]:
    """How long the queues are, for which no daily count is kept."""
    rows = Standing.objects.filter(campaign=campaign)
    fixed = [state.value for state in FIXED]
    closed = [state.value for state in DONE]
    shells = rows.filter(shell_seen__isnull=False, exposure__in=fixed).exclude(compromise__in=closed)
    return {
        "patched_shell_seen": sum(1 for since, seen in _pairs(shells) if seen and seen >= since),
        "contradictory": rows.filter(contradictory=True).count(),
        "without_owner": rows.filter(organisation=None).count(),
    }


def _pairs(rows: Any) -> Iterable[tuple[date, date | None]]:
    found: Iterable[tuple[date, date | None]] = rows.values_list("since", "shell_seen").iterator()
    return found
