"""Who may see which snapshots, servers and observations."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet
from msgspec import Struct

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


class Unfinished(Struct, frozen=True, kw_only=True):
    """How far the taking in of censuses is: ``waiting`` of ``whole`` are not in; ``until`` is the newest."""

    waiting: int
    whole: int
    until: datetime | None


def unfinished() -> Unfinished | None:
    """Give how far the taking in of censuses is; None where nothing waits."""
    waiting = Snapshot.objects.filter(state__in=Snapshot.PENDING).count()
    if not waiting:
        return None
    complete = Max("taken", filter=Q(state=Snapshot.COMPLETE))
    found = Snapshot.objects.aggregate(whole=Count("id"), until=complete)
    return Unfinished(waiting=waiting, whole=found["whole"], until=found["until"])
