"""Who may see which snapshots, servers and observations."""

from __future__ import annotations

from django.db.models import QuerySet

from tocsin.hub.accounts.models import Membership, User
from tocsin.hub.census.models import CensusSource, Observation, Server, Snapshot
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.rules.words import Role

DEEPEST = 10
"""Levels of organisations below a member's own."""


def organisations_of(user: User) -> set[int] | None:
    """Give the organisations whose servers a person sees: own ones and all below; None for everybody's."""
    if user.role != Role.MEMBER:
        return None
    found = level = set(_member_of(user))
    for _ in range(DEEPEST):
        level = set(Organisation.objects.filter(parent_id__in=level).values_list("id", flat=True)) - found
        if not level:
            break
        found = found | level
    return found


def _member_of(user: User) -> QuerySet[Membership, int]:
    return Membership.objects.filter(user=user).values_list("organisation_id", flat=True)


def servers_visible_to(user: User) -> QuerySet[Server]:
    """Give the servers that a person may see."""
    owned = organisations_of(user)
    return Server.objects.all() if owned is None else Server.objects.filter(organisation_id__in=owned)


def observations_visible_to(user: User) -> QuerySet[Observation]:
    """Give the observations of servers that a person may see."""
    owned = organisations_of(user)
    found = Observation.objects.select_related("source")
    return found if owned is None else found.filter(server__organisation_id__in=owned)


def snapshots_visible_to(user: User) -> QuerySet[Snapshot]:
    """Give the snapshots that a person may see: members of organisations see none, they hold everybody."""
    found = Snapshot.objects.select_related("source")
    return found.none() if user.role == Role.MEMBER else found


def sources_visible_to(user: User) -> QuerySet[CensusSource]:
    """Give the sources; every person of the hub may know who looks."""
    return CensusSource.objects.all() if user.is_active else CensusSource.objects.none()
