"""Read where servers stand: each row only for those who may see its server."""

from __future__ import annotations

from django.db.models import QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Observation, Server
from tocsin.hub.census.selectors import organisations_of
from tocsin.hub.exposure.models import Decision, Event, Standing

MOST = 500
"""Observations, decisions or events of one server that its page shows."""


def standings_visible_to(user: User) -> QuerySet[Standing]:
    """Members see their organisations' servers and those of organisations below; all others see all."""
    owned = organisations_of(user)
    return Standing.objects.all() if owned is None else Standing.objects.filter(organisation_id__in=owned)


def standings_of(user: User, campaign: Campaign) -> QuerySet[Standing]:
    """The servers of one campaign, with what a list of them shows."""
    found = standings_visible_to(user).filter(campaign=campaign)
    return found.select_related("server", "organisation")


def observations_of(server: Server) -> list[Observation]:
    """What each source saw of a server, by source, the newest first."""
    found = server.observations.select_related("source").order_by("source__name", "-last_seen", "-id")
    return list(found[:MOST])


def decisions_of(server: Server) -> list[Decision]:
    """What people and assessments said of a server, the newest first."""
    return list(server.decisions.select_related("campaign", "by").order_by("-recorded", "-id")[:MOST])


def events_of(server: Server) -> list[Event]:
    """What changed at a server, the newest first."""
    return list(Event.objects.filter(subject=f"server:{server.pk}").order_by("-id")[:MOST])
