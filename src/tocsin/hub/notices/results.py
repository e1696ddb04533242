"""How soon owners fixed what they were told, by arm, channel and sector; and what being told early caused.

An owner counts as fixed when all servers of the notice are. When that was lies between the last look that
showed one of them open and the first that showed the last one fixed (`rules.interval_censored`). Days count
from the day on which the batch was let go, the same for everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from math import inf, isfinite
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from tocsin.hub.exposure.selectors import Path, paths
from tocsin.hub.notices.models import Batch, Notice, Told
from tocsin.hub.rules import days, trial
from tocsin.hub.rules.interval_censored import Between, grouped, open_shares, turnbull
from tocsin.hub.rules.notices import SECRET
from tocsin.hub.rules.notices import State as Stand
from tocsin.hub.rules.words import OPEN
from tocsin.hub.situation import charts
from tocsin.hub.situation.drawing import Chart, chart

LEAST = 20
"""Owners that a group needs at least to be shown."""
HORIZONS = (1, 3, 7, 14, 30)
KEPT_SECONDS = 600
CHUNK = 2_000
ARMS = {0: "told early", 1: "told late"}


def found(batch: Batch) -> dict[str, Any]:
    """What the page of results shows; worked out at most every ten minutes."""
    if batch.released is None or batch.kind in SECRET:
        return {"ready": False}
    key = f"notices-results:{batch.pk}:{batch.released.timestamp()}"
    kept: dict[str, Any] | None = cache.get(key)
    if kept is None:
        kept = _worked_out(batch)
        cache.set(key, kept, KEPT_SECONDS)
    return {**kept, "chart": _chart(kept["curves"]), "assumed": trial.ASSUMED}


def _worked_out(batch: Batch) -> dict[str, Any]:
    notices = list(
        batch.notices.exclude(state__in=[Stand.CANCELLED, Stand.UNREACHED])
        .select_related("organisation")
        .prefetch_related("deliveries")
        .order_by("id")
    )
    times = times_of(batch, notices)
    groups: dict[tuple[str, str], list[Between]] = defaultdict(list)
    for notice in notices:
        for dimension, value in _groups(notice):
            groups[dimension, value].append(times[notice.pk])
    early, late = groups.get(("arm", ARMS[0]), []), groups.get(("arm", ARMS[1]), [])
    effects = [trial.effect(early, late, days=horizon) for horizon in HORIZONS]
    return {
        "ready": True,
        "rows": [_row(*name, own) for name, own in sorted(groups.items()) if len(own) >= LEAST],
        "small": sum(1 for own in groups.values() if len(own) < LEAST),
        "effects": [one for one in effects if one is not None],
        "curves": _curves(groups),
        "owners": len(notices),
    }


def _groups(notice: Notice) -> Iterable[tuple[str, str]]:
    yield "all", "all owners"
    if notice.arm is not None:
        yield "arm", ARMS[notice.arm]
    first = next((row for row in notice.deliveries.all() if row.part == "first"), None)
    if first:
        yield "channel", str(first.channel)
    yield "sector", str(notice.organisation.sector)


def _row(dimension: str, value: str, own: list[Between]) -> dict[str, Any]:
    falls = turnbull(grouped(own))
    shares = open_shares(falls, HORIZONS)
    return {
        "dimension": dimension,
        "value": value,
        "owners": len(own),
        "fixed": [(1 - high, 1 - low) for low, high in reversed(shares)][::-1],
    }


def _curves(groups: Mapping[tuple[str, str], list[Between]]) -> dict[str, list[tuple[float, float]]]:
    """The arms where there are any, else the channels: share still open by day."""
    wanted = "arm" if any(dimension == "arm" for dimension, _ in groups) else "channel"
    return {
        value: _curve(own)
        for (dimension, value), own in sorted(groups.items())
        if dimension == wanted and len(own) >= LEAST
    }


def _curve(own: list[Between]) -> list[tuple[float, float]]:
    falls = turnbull(grouped(own))
    last = max((fall.right for fall in falls if isfinite(fall.right)), default=0.0)
    points = [float(day) for day in range(int(last) + 1)]
    return [
        (day, round((low + high) / 2, 6))
        for day, (low, high) in zip(points, open_shares(falls, points), strict=True)
    ]


def _chart(curves: Mapping[str, list[tuple[float, float]]]) -> Chart | None:
    if not curves:
        return None
    label = "Share of owners with a server still open, by days since the batch was let go."
    return chart(charts.shares(curves, label, dark=False), charts.shares(curves, label, dark=True))


def times_of(batch: Batch, notices: Iterable[Notice]) -> dict[int, Between]:
    """By notice, when its owner fixed everything, in days since the batch was let go."""
    released = (batch.released or timezone.now()).date()
    owners: dict[int, set[int]] = defaultdict(set)
    wanted = {notice.pk for notice in notices}
    for notice, server in Told.objects.filter(notice__batch=batch).values_list("notice_id", "server_id"):
        if notice in wanted:
            owners[server].add(notice)
    found = dict.fromkeys(wanted, Between(left=0.0, right=0.0))
    servers = sorted(owners)
    for start in range(0, len(servers), CHUNK):
        for path in paths(servers[start : start + CHUNK]):
            if path.campaign == batch.campaign_id:
                one = fixed_between(path, released)
                for notice in owners[path.server]:
                    found[notice] = _later(found[notice], one)
    return {notice: _sound(one) for notice, one in found.items()}


def fixed_between(path: Path, released: date) -> Between:
    """When one server was fixed for good, in days since ``released``: after a look, and by another."""
    looks = path.seen
    if not path.steps or path.steps[-1][1] in OPEN:
        last = days.last(looks)
        left = (days.day_of(last) - released).days if last is not None else 0
        return Between(left=max(float(left), 0.0), right=inf)
    last_open = max((at for at, (_, state) in enumerate(path.steps) if state in OPEN), default=-1)
    closed = path.steps[last_open + 1][0]
    before = days.last(looks & ((1 << days.number(closed)) - 1))
    left = (days.day_of(before) - released).days if before is not None else 0
    return Between(left=max(float(left), 0.0), right=float((closed - released).days))


def _later(one: Between, other: Between) -> Between:
    return Between(left=max(one.left, other.left), right=max(one.right, other.right))


def _sound(one: Between) -> Between:
    """Fixed on or before the day of release counts as fixed within that day."""
    if one.right <= 0:
        return Between(left=0.0, right=0.5)
    return one if one.left < one.right else Between(left=max(one.right - 1, 0.0), right=one.right)
