"""How soon owners fixed what they were told, by arm, channel and sector; and what being told early caused.

An owner counts as fixed when all servers of the notice are. When that was lies between the last look that
showed one of them open and the first that showed the last one fixed (`rules.interval_censored`). Days count
from the day on which the batch was let go, the same for everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from math import inf, isfinite
from typing import Any

from django.core.cache import cache
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from tocsin.hub.exposure.selectors import Path, paths
from tocsin.hub.notices.models import Batch, Delivery, Notice, Told
from tocsin.hub.rules import days, trial
from tocsin.hub.rules.interval_censored import Between, grouped, open_shares, turnbull
from tocsin.hub.rules.notices import SECRET, Part
from tocsin.hub.rules.notices import State as Stand
from tocsin.hub.rules.words import OPEN
from tocsin.hub.situation import charts
from tocsin.hub.situation.drawing import Chart, chart

LEAST = 20
"""Owners that a group needs at least to be shown."""
HORIZONS = (1, 3, 7, 14, 30)
DRAWN = ("arm", "channel", "sector")
"""What curves are drawn by, the first that there are unless another is asked for."""
MOST_CURVES = 5
WATCHED, EVERY = timedelta(days=120), timedelta(hours=1)
LOOK_SECONDS, KEPT_SECONDS = 60, 7 * 86_400
CHUNK = 2_000
UNKNOWN = Between(left=0.0, right=inf)
"""Of an owner none of whose servers stands in the campaign any longer: nobody saw it fixed."""
ARMS = {0: "told early", 1: "told late"}


def found(batch: Batch, by: str = "") -> dict[str, Any]:
    """What the page of results shows, with the curves ``by`` arm, channel or sector, as last worked out."""
    if batch.released is None or batch.kind in SECRET:
        return {"ready": False}
    kept: dict[str, Any] | None = cache.get(_key(batch))
    if kept is None:
        return {"ready": False, "waiting": True}
    offered = [name for name in DRAWN if kept["curves"].get(name)]
    chosen = by if by in offered else next(iter(offered), "")
    drawn = _chart(kept["curves"].get(chosen, {}))
    return {**kept, "chart": drawn, "by": chosen, "offered": offered, "assumed": trial.ASSUMED}


def _key(batch: Batch) -> str:
    return f"notices-results:{batch.pk}:{batch.released.timestamp() if batch.released else 0}"


def work_out_some(now: datetime | None = None) -> bool:
    """The chore: work out the results of a batch of the last months, each once an hour.

    Of a nation that takes longer than anybody waits for a page. Gives whether there was one to do.
    """
    moment = now or timezone.now()
    if not cache.add("notices-results-looked", 1, timeout=LOOK_SECONDS):
        return False
    rows = Batch.objects.filter(released__gt=moment - WATCHED).exclude(kind__in=SECRET).order_by("-released")
    for batch in rows:
        kept = cache.get(_key(batch))
        if kept is None or kept["as_of"] < moment - EVERY:
            cache.set(_key(batch), {**_worked_out(batch), "as_of": moment}, KEPT_SECONDS)
            cache.delete("notices-results-looked")  # there may be another
            return True
    return False


def _worked_out(batch: Batch) -> dict[str, Any]:
    notices = list(
        batch.notices.exclude(state__in=[Stand.CANCELLED, Stand.UNREACHED])
        .annotate(
            sector=F("organisation__sector"),
            channel=Subquery(
                Delivery.objects.filter(notice=OuterRef("pk"), part=Part.FIRST)
                .order_by("id")
                .values("channel")[:1]
            ),
        )
        .only("pk", "arm")
        .order_by("id")
    )
    times = times_of(batch, notices)
    groups: dict[tuple[str, str], list[Between]] = defaultdict(list)
    for notice in notices:
        for dimension, value in _groups(notice):
            groups[dimension, value].append(times[notice.pk])
    early, late = groups.get(("arm", ARMS[0]), []), groups.get(("arm", ARMS[1]), [])
    return {
        "ready": True,
        "rows": [_row(*name, own) for name, own in sorted(groups.items()) if len(own) >= LEAST],
        "small": sum(1 for own in groups.values() if len(own) < LEAST),
        "effects": trial.effects(early, late, HORIZONS),
        "curves": _curves(groups),
        "owners": len(notices),
    }


def _groups(notice: Any) -> Iterable[tuple[str, str]]:
    yield "all", "all owners"
    if notice.arm is not None:
        yield "arm", ARMS[notice.arm]
    if notice.channel:
        yield "channel", str(notice.channel)
    yield "sector", str(notice.sector)


def _row(dimension: str, value: str, own: list[Between]) -> dict[str, Any]:
    falls = turnbull(grouped(own))
    shares = open_shares(falls, HORIZONS)
    return {
        "dimension": dimension,
        "value": value,
        "owners": len(own),
        "fixed": [(1 - high, 1 - low) for low, high in reversed(shares)][::-1],
    }


Curves = dict[str, list[tuple[float, float]]]


def _curves(groups: Mapping[tuple[str, str], list[Between]]) -> dict[str, Curves]:
    """By dimension the share still open by day, of its largest groups."""
    found: dict[str, Curves] = {name: {} for name in DRAWN}
    large = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    for (dimension, value), own in large:
        if dimension in found and len(own) >= LEAST and len(found[dimension]) < MOST_CURVES:
            found[dimension][value] = _curve(own)
    return found


def _curve(own: list[Between]) -> list[tuple[float, float]]:
    falls = turnbull(grouped(own))
    last = max((fall.right for fall in falls if isfinite(fall.right)), default=0.0)
    points = [float(day) for day in range(int(last) + 1)]
    return [
        (day, round((low + high) / 2, 6))
        for day, (low, high) in zip(points, open_shares(falls, points), strict=True)
    ]


def _chart(curves: Curves) -> Chart | None:
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
    found: dict[int, Between] = {}
    servers = sorted(owners)
    for start in range(0, len(servers), CHUNK):
        for path in paths(servers[start : start + CHUNK]):
            if path.campaign == batch.campaign_id:
                one = fixed_between(path, released)
                for notice in owners[path.server]:
                    found[notice] = _later(found.get(notice, one), one)
    return {notice: _sound(found.get(notice, UNKNOWN)) for notice in wanted}


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
