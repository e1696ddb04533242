"""Who may see which standings, decisions and events; and how a standing came to be, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from msgspec import Struct

from tocsin.hub.census import store
from tocsin.hub.census.known import Seen
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.exposure.folding import Folder, decisions_of
from tocsin.hub.exposure.models import Decision, Event, Standing
from tocsin.hub.rules import days
from tocsin.hub.rules.words import Exposure


def visible_to(user: Visitor) -> QuerySet[Standing]:
    """Give the standings that a person may see; to a member, none of a server that has gone elsewhere since.

    Standings of campaigns that are no longer followed keep the owner of then: so the server is asked, too.
    """
    owned = organisation_ids(user)
    found = Standing.objects.select_related("server", "campaign", "organisation")
    if owned is None:
        return found
    return found.filter(organisation_id__in=owned, server__organisation_id__in=owned)


def decisions_visible_to(user: Visitor) -> QuerySet[Decision]:
    """Give the decisions about servers that a person may see."""
    owned = organisation_ids(user)
    found = Decision.objects.select_related("campaign", "by")
    return found if owned is None else found.filter(server__organisation_id__in=owned)


def events_visible_to(user: Visitor) -> QuerySet[Event]:
    """Give all events to staff; to a member of an organisation, none: ask for one server's (`events_of`)."""
    return Event.objects.all() if organisation_ids(user) is None else Event.objects.none()


def events_of(user: Visitor, server: int) -> QuerySet[Event]:
    """Give the events of one server that a person may see, newest first."""
    if not servers_visible_to(user).filter(pk=server).exists():
        return Event.objects.none()
    return Event.objects.filter(subject=f"server:{server}").order_by("-id")


class Path(Struct, frozen=True, kw_only=True):
    """How one server went through the states of one campaign: every change, as day and state, oldest first.

    What lies over it, a false positive, is left out. ``seen`` are the days on which anybody saw the server.
    """

    server: int
    campaign: int
    steps: tuple[tuple[date, Exposure], ...]
    seen: int


def paths(servers: Iterable[int]) -> Iterator[Path]:
    """Give the paths of some servers (a few thousand at a time) in every campaign, as known now."""
    ids = list(servers)
    folder, told = Folder(), decisions_of(ids)
    today = days.number(timezone.now().date())
    for server, sightings in store.observations_of(ids).items():
        for campaign in folder.campaigns:
            key = (server, campaign.id)
            state = folder.exposure_of(campaign, sightings, told.get(key, ()), today)
            if state is not None:
                yield Path(
                    server=server,
                    campaign=campaign.id,
                    steps=tuple((days.day_of(day), step) for day, step in state.path),
                    seen=_all_days(sightings),
                )


def _all_days(sightings: Iterable[Seen]) -> int:
    found = 0
    for one in sightings:
        found |= one.days
    return found
