"""Who may see which cases; and what pages show of them."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.cases.models import Case, Cluster
from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.rules.cases import CLOSED, OPEN, CaseState
from tocsin.hub.rules.permissions import WRITERS


class Tile(NamedTuple):
    """A number on the first page, and the filter of the list that gives the same cases."""

    name: str
    number: int
    query: str
    look: str


def visible_to(user: Visitor) -> QuerySet[Case]:
    """The cases that a person may see: all for staff; for members, those of their organisations' servers."""
    owned = organisation_ids(user)
    found = Case.objects.select_related("server", "campaign", "organisation", "assignee")
    if owned is None:
        return found
    still = Q(server=None) | Q(server__organisation_id__in=owned)
    return found.filter(still, organisation_id__in=owned)


def clusters_visible_to(user: Visitor) -> QuerySet[Cluster]:
    """Clusters of more than one case: for staff alone, as they reach across organisations."""
    found = Cluster.objects.filter(cases__gt=1)
    return found if organisation_ids(user) is None else found.none()


def workers() -> QuerySet[User]:
    """People who may work on cases."""
    roles = [role.value for role in WRITERS]
    return User.objects.filter(role__in=roles, is_active=True).order_by("name", "email")


def alike(user: Visitor, case: Case) -> QuerySet[Case]:
    """Other cases that look like this one and that the person may see, the newest first."""
    if case.cluster_id is None:
        return Case.objects.none()
    others = visible_to(user).filter(cluster=case.cluster_id).exclude(pk=case.pk)
    return others.exclude(state=CaseState.MERGED).order_by("-opened", "-id")


def tiles(user: Visitor, campaign: int | None = None) -> list[Tile]:
    """How many cases stand where, in a campaign or in all."""
    rows = visible_to(user).filter(campaign=campaign) if campaign else visible_to(user)
    by_state = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    open_ = sum(by_state.get(state, 0) for state in OPEN)
    more = f"&campaign={campaign}" if campaign else ""
    found = [Tile("Open cases", open_, f"?open=yes{more}", "bad" if open_ else "calm")]
    for state, look in _TILES:
        found.append(Tile(state.value, by_state.get(state, 0), f"?state={state.value}{more}", look))
    overdue = rows.filter(overdue=True).exclude(state__in=CLOSED - {CaseState.ACCEPTED_RISK}).count()
    return [*found, Tile("overdue", overdue, f"?overdue=yes{more}", "warn")]


_TILES = (
    (CaseState.REMOVAL_CLAIMED, "warn"),
    (CaseState.REAPPEARED, "bad"),
    (CaseState.VERIFIED_REMOVED, "good"),
    (CaseState.ACCEPTED_RISK, "calm"),
)
