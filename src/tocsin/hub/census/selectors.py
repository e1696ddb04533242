"""Who may see which snapshots, servers and observations."""

from __future__ import annotations

from django.db.models import QuerySet

from tocsin.hub.census.models import CensusSource, Observation, Server, Snapshot
from tocsin.hub.constituency.selectors import Visitor, organisation_ids


def servers_visible_to(user: Visitor) -> QuerySet[Server]:
    """Give the servers that a person may see."""
    owned = organisation_ids(user)
    return Server.objects.all() if owned is None else Server.objects.filter(organisation_id__in=owned)


def observations_visible_to(user: Visitor) -> QuerySet[Observation]:
    """Give the observations of servers that a person may see."""
    owned = organisation_ids(user)
    found = Observation.objects.select_related("source")
    return found if owned is None else found.filter(server__organisation_id__in=owned)


def snapshots_visible_to(user: Visitor) -> QuerySet[Snapshot]:
    """Give the snapshots that a person may see: members of organisations see none, they hold everybody."""
    found = Snapshot.objects.select_related("source")
    return found if organisation_ids(user) is None else found.none()


def sources_visible_to(user: Visitor) -> QuerySet[CensusSource]:
    """Give the sources; every person of the hub may know who looks."""
    return CensusSource.objects.all() if user.is_authenticated else CensusSource.objects.none()
