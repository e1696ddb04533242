"""How much of what is known was looked at on each day: by scope, sector by sector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from itertools import takewhile

from django.db import transaction
from django.utils import timezone

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Snapshot
from tocsin.hub.exposure.facts import followed
from tocsin.hub.exposure.models import Standing
from tocsin.hub.rules.curve import Looked
from tocsin.hub.rules.daily import EVERYWHERE
from tocsin.hub.rules.scope import Cover, Place, parse_scope
from tocsin.hub.situation.models import Counted, DailyLook

Cell = tuple[str, str]


def keep_looks() -> bool:
    """Work out one day for which a snapshot was finished. Says whether there was one."""
    counted = Counted.objects.get_or_create(pk=1)[0]
    waiting = Snapshot.objects.filter(state=Snapshot.COMPLETE, finished__isnull=False)
    if counted.looked_until:
        waiting = waiting.filter(finished__gt=counted.looked_until)
    newest = list(waiting.order_by("finished", "id").values_list("taken", "finished")[:50])
    if not newest:
        return False
    day = newest[0][0].date()
    together = list(takewhile(lambda one: one[0].date() == day, newest))
    rows = [row for campaign in Campaign.objects.filter(active=True) for row in looks_of(campaign, day)]
    with transaction.atomic():
        DailyLook.objects.bulk_create(rows)
        counted.looked_until = together[-1][1]
        counted.save(update_fields=["looked_until"])
    return True


def looks_of(campaign: Campaign, day: date) -> list[DailyLook]:
    """How many servers were known on a day and how many covered, in the whole and by sector."""
    now = timezone.now()
    snapshots = Snapshot.objects.filter(state=Snapshot.COMPLETE, taken__date=day)
    words = words_of(campaign)
    covers = [cover for one in snapshots if (cover := cover_of(one)).checks(words)]
    known, covered = numbers(campaign, day, covers)
    return [
        DailyLook(
            campaign=campaign,
            day=day,
            dimension=dimension,
            value=value,
            known=number,
            covered=covered[(dimension, value)],
            recorded=now,
        )
        for (dimension, value), number in known.items()
    ]


def numbers(campaign: Campaign, day: date, covers: list[Cover]) -> tuple[Counter[Cell], Counter[Cell]]:
    """Known and covered servers, by dimension and value."""
    known: Counter[Cell] = Counter()
    covered: Counter[Cell] = Counter()
    whole = any(cover.whole for cover in covers)
    rows = Standing.objects.filter(campaign=campaign, opened__lte=day).exclude(exposure="retired")
    fields = ("sector", "server__ip", "server__port", "server__country")
    for sector, ip, port, country in rows.values_list(*fields).iterator(chunk_size=5_000):
        place = Place(ip, port, country)
        seen = whole or any(cover.covers(place) for cover in covers)
        for cell in ((EVERYWHERE, ""), ("sector", sector)):
            known[cell] += 1
            covered[cell] += seen
    return known, covered


def latest(looks: Iterable[DailyLook]) -> dict[date, Looked]:
    """By day, what was recorded last."""
    return {one.day: Looked(one.known, one.covered) for one in sorted(looks, key=lambda one: one.recorded)}


def looks_until(
    campaign: Campaign, moment: datetime | None, *, dimension: str = EVERYWHERE
) -> list[DailyLook]:
    """All rows of a dimension that were recorded by a moment."""
    rows = DailyLook.objects.filter(campaign=campaign, dimension=dimension)
    return list(rows.filter(recorded__lte=moment) if moment else rows)


def words_of(campaign: Campaign) -> frozenset[str]:
    """Names under which a scope's checks may mean a campaign: its own, its CVEs', its product's."""
    told = (one.reader.facts.words for one in followed() if one.id == campaign.pk)
    own = frozenset({campaign.key.lower(), *(cve.lower() for cve in campaign.cves)})
    return own.union(*told)


def cover_of(snapshot: Snapshot) -> Cover:
    """What a snapshot covered."""
    return Cover(parse_scope(snapshot.scope), snapshot.blind)
