"""Addresses and names that a campaign's pack knows as attackers', to be taken over instead of typed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache

from django.db import transaction
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.relay.models import Infrastructure
from tocsin.hub.relay.reporting import Found, keep
from tocsin.hub.rules.relay_reports import Use, disguised, sound
from tocsin.packs.loading import load_packs

REPORTABLE = frozenset({"ipv4", "domain", "url"})
"""Indicators of a place that somebody runs. A whole network is nobody's in particular."""


class Offer(Struct, frozen=True, kw_only=True):
    """One indicator. ``public`` names who published it: it may stand in a report."""

    value: str
    strength: str
    public: str
    note: str

    @property
    def disguised(self) -> str:
        """The value, so that nothing makes a link of it."""
        return disguised(self.value)


def offers(campaign: Campaign) -> list[Offer]:
    """What a campaign's pack knows and nobody has written down yet, in the pack's order.

    Raises:
        UsageFault: this hub has no such pack.
    """
    known = _offers(campaign.key, campaign.digest)
    here = set(
        Infrastructure.objects.filter(value__in=[one.value for one in known]).values_list("value", flat=True)
    )
    return [one for one in known if one.value not in here]


@lru_cache(maxsize=8)
def _offers(key: str, digest: str) -> tuple[Offer, ...]:  # noqa: ARG001 - the digest tells when to read anew
    found: dict[str, Offer] = {}
    for row in load_packs(only=[key])[0].indicators:
        if row.type in REPORTABLE and not row.withdrawn:
            day = f" on {row.first_published}" if row.first_published else ""
            value = sound(row.value)[1]
            public = f"Named by {row.source}{day}."
            found.setdefault(value, Offer(value=value, strength=row.strength, public=public, note=row.note))
    return tuple(found.values())


def take_over(
    campaign: Campaign, values: Collection[str], *, first: datetime, last: datetime, by: User
) -> list[Infrastructure]:
    """Write some of what is offered down: all of them or none. When it was seen is the person's word.

    What a pack says of days is when a match means something, not when somebody saw an attack.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: one of them is not offered, none is chosen, or the days make no sense.
    """
    known = {one.value: one for one in offers(campaign)}
    if not values or not known.keys() >= set(values):
        raise UsageFault("choose some of what is offered here", remedy="Somebody may have taken it over.")
    with transaction.atomic():
        return [
            keep(
                Found(
                    text=one.value,
                    use=Use.UNKNOWN,
                    first=first,
                    last=last,
                    origin=f"indicator of {campaign.key} {campaign.version}"[:200],
                    campaign=campaign.pk,
                    public=one.public,
                    note=one.note,
                ),
                by=by,
            )
            for one in known.values()
            if one.value in values
        ]
