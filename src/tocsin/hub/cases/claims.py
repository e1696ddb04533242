"""A removal that is claimed of cases is one of their server as well, once nothing on it is unclaimed.

Until then something that is known is still there. The other way round, what an owner answers or an analyst
decides about a server is a claim of all its open cases (`cases.taking_in`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils import timezone

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases.models import Case
from tocsin.hub.exposure.models import Standing
from tocsin.hub.exposure.services import Ruling, decide, hear
from tocsin.hub.rules.cases import ALIVE, CLOSED
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.words import Compromise

CLAIMABLE = frozenset({Compromise.SUSPECTED, Compromise.CONFIRMED, Compromise.CONTAINED})
"""Where a server stands while a claim of its removal says something new."""


def claim_servers(cases: Sequence[int], *, by: User, reason: str, at: datetime) -> None:
    """Claim the removal on the servers of these cases on which no case is unclaimed any more.

    Inside `writing`, after the cases were told. A member's claim is a word, as one by a link is.
    """
    for (campaign, moment), servers in _settled(cases, at).items():
        ruling = Ruling(kind=Kind.REMOVED, reason=reason[:5_000], at=moment)
        about = Campaign.objects.get(pk=campaign)
        if by.writes:
            decide(by=by, campaign=about, servers=servers, ruling=ruling)
        else:
            hear(actor=f"user:{by.pk}", campaign=about, servers=servers, ruling=ruling)


def _settled(cases: Sequence[int], at: datetime) -> Mapping[tuple[int, datetime], list[int]]:
    """Servers whose open cases are all claimed, by campaign and the moment of the last of these claims."""
    about = Case.objects.filter(pk__in=cases, server__isnull=False)
    same = Case.objects.filter(server__in=about.values("server"), campaign__in=about.values("campaign"))
    stands = set(
        Standing.objects.filter(server__in=about.values("server"), compromise__in=CLAIMABLE).values_list(
            "server_id", "campaign_id"
        )
    )
    counted = (
        same.order_by()
        .values_list("server_id", "campaign_id")
        .annotate(
            alive=Count("pk", filter=Q(state__in=ALIVE)),
            claims=Count("pk", filter=Q(pk__in=cases)),
            last=Max("claimed", filter=~Q(state__in=CLOSED)),
        )
    )
    found: dict[tuple[int, datetime], list[int]] = defaultdict(list)
    for server, campaign, alive, claims, last in counted:
        if claims and not alive and server is not None and (server, campaign) in stands:
            found[campaign, min(max(last or at, at), timezone.now())].append(server)
    return found
