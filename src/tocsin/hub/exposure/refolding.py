"""After a pack's new version, or once a campaign is followed: every server is judged anew by its facts.

The campaign's row says how far that is (`campaigns.models.Campaign`). Each piece is folded outside of any
transaction and written in one, together with that place; killed anywhere, the next piece goes on.
"""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.followers import Follower, followers
from tocsin.hub.census.ingest import CHUNK
from tocsin.hub.census.lease import lease
from tocsin.hub.census.models import Server, Snapshot
from tocsin.hub.census.owners import Ownership
from tocsin.hub.census.settling import plans
from tocsin.hub.exposure.chain import Change, append

PIECES = 8
"""Chunks of servers that one call folds: reading everybody's claims once for each would take longer."""


def refold() -> bool:
    """Judge some thousand servers anew, where a campaign's pack is not the one that judged them last.

    Gives whether there was anything to do. Waits while a census is taken in: that judges by the new facts
    already, and two who fold the same servers would undo each other's work.
    """
    changed = Campaign.objects.filter(active=True).exclude(folded=F("digest")).order_by("id")
    campaign = changed.first()
    if campaign is None or Snapshot.objects.filter(state__in=Snapshot.PENDING).exists():
        return False
    with lease() as held:
        if held:
            _judge(campaign)
    return held


def _judge(campaign: Campaign) -> None:
    if campaign.folding != campaign.digest:
        _begin(campaign)
    ownership, following = Ownership(), followers()
    for _ in range(PIECES):
        if not _piece(campaign, ownership, following):
            _end(campaign)
            break


def _begin(campaign: Campaign) -> None:
    """Start from the first server, and say so where anything was judged before."""
    with writing():
        campaign.folding, campaign.refolded = campaign.digest, 0
        campaign.save(update_fields=["folding", "refolded"])
        if campaign.folded:
            append([_told(campaign, "begun")])


def _piece(campaign: Campaign, ownership: Ownership, following: list[Follower]) -> bool:
    rows = Server.objects.filter(id__gt=campaign.refolded).order_by("id")
    servers = list(rows.values_list("id", flat=True)[:CHUNK])
    if not servers:
        return False
    writers = plans(servers, ownership, following)
    with writing():
        for write in writers:
            write()
        campaign.refolded = servers[-1]
        campaign.save(update_fields=["refolded"])
    return True


def _end(campaign: Campaign) -> None:
    with writing():
        if campaign.refolded:
            append([_told(campaign, "done")])
        campaign.folded, campaign.refolded = campaign.digest, 0
        campaign.save(update_fields=["folded", "refolded"])


def _told(campaign: Campaign, step: str) -> Change:
    return Change(
        at=timezone.now(),
        kind="facts",
        subject=f"campaign:{campaign.pk}",
        campaign=campaign.key,
        before=campaign.folded[:16],
        after=campaign.digest[:16],
        detail={
            "step": step,
            "version": campaign.version,
            "pack": campaign.digest,
            "until": campaign.refolded,
        },
    )
