"""What pages show: the kept picture for staff, their own servers for members, and queues of servers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, Exists, F, OuterRef, QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Observation
from tocsin.hub.exposure.models import Standing
from tocsin.hub.exposure.selectors import visible_to
from tocsin.hub.rules.daily import FIXED
from tocsin.hub.situation.estimating import DONE
from tocsin.hub.situation.figures import Situation, situation
from tocsin.hub.situation.models import Counted, DailyCount, DailyLook, Estimate

KEPT_SECONDS = 24 * 3600
QUEUES = {
    "patched-not-clean": "Patched, not shown clean",
    "patched-shell-seen": "Patched, web shell still seen",
    "contradictory": "Sources contradict each other",
}


class Side(NamedTuple):
    """What one source said of a server last, and how it came to say so."""

    source: str
    build: str
    tags: str
    method: str
    seen: datetime


def campaign_named(key: str) -> Campaign | None:
    """A campaign by its key; without one the active campaign that has servers, the newest first."""
    rows = Campaign.objects.filter(active=True).order_by("-disclosed", "key")
    if key:
        return rows.filter(key=key).first()
    counts = DailyCount.objects.filter(
        campaign=OuterRef("pk")
    )  # asked for one of each; joined, there are thousands
    return rows.filter(Exists(counts)).first() or rows.first()


def current(campaign: Campaign) -> Situation | None:
    """The picture as it is kept; worked out once after each change of what it rests on."""
    counted = Counted.objects.filter(pk=1).first() or Counted()
    look = DailyLook.objects.order_by("-id").values_list("id", flat=True).first()
    made = Estimate.objects.order_by("-id").values_list("id", flat=True).first()
    key = f"situation:{campaign.pk}:{counted.events}:{look}:{made}"
    found: Situation | None = cache.get(key)
    if found is None:
        found = situation(campaign)
        cache.set(key, found, KEPT_SECONDS)
    return found


def standings_of(user: User, campaign: Campaign) -> QuerySet[Standing]:
    """The standings of a campaign that a person may see: a member those of his organisations alone."""
    return visible_to(user).filter(campaign=campaign)


def own_totals(user: User, campaign: Campaign) -> dict[str, int]:
    """A member's own servers by exposure, counted as they are: they are few."""
    rows = (
        standings_of(user, campaign)
        .order_by()
        .values_list("exposure")
        .annotate(n=Count("id"))
        .order_by("exposure")
    )
    return dict(rows)


def queue(rows: QuerySet[Standing], name: str) -> QuerySet[Standing]:
    """The servers of one queue, unsorted."""
    fixed = [state.value for state in FIXED]
    done = [state.value for state in DONE]
    if name == "contradictory":
        return rows.filter(contradictory=True)
    found = rows.filter(exposure__in=fixed).exclude(compromise__in=done)
    if name == "patched-shell-seen":
        return found.filter(shell_seen__isnull=False, shell_seen__gte=F("since"))
    return found


def sides(standings: Sequence[Standing]) -> dict[int, list[Side]]:
    """By server: what each source said last, newest first."""
    servers = [one.server_id for one in standings]
    rows = (
        Observation.objects.filter(server_id__in=servers)
        .select_related("source")
        .order_by("-last_seen", "id")
    )
    found: dict[int, dict[int, Side]] = defaultdict(dict)
    for one in rows:
        side = Side(one.source.name, one.build, _words(one.tags), one.method, one.last_seen)
        found[one.server_id].setdefault(one.source_id, side)
    return {server: list(by_source.values()) for server, by_source in found.items()}


def _words(tags: Iterable[Any]) -> str:
    return ", ".join(str(tag) for tag in tags)
