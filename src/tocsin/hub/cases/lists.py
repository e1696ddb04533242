"""Lists of cases: all, those that may be used by others next, and clusters of those that look alike."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases.keeping import exposed
from tocsin.hub.cases.models import Case, Cluster
from tocsin.hub.cases.selectors import workers
from tocsin.hub.census.search import servers_that_begin
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Day, Exactly, Flag, Number
from tocsin.hub.listing.lists import Listing, Search
from tocsin.hub.lists.keyset import Order
from tocsin.hub.rules import piggyback
from tocsin.hub.rules.cases import OPEN, CaseKind, CaseState
from tocsin.hub.rules.sectors import sectors


def _page(case: Case) -> str:
    return reverse("case", args=[case.pk])


def _server(case: Case) -> str | None:
    return reverse("server", args=[case.server_id]) if case.server_id else None


def _campaigns() -> list[tuple[str, str]]:
    return [(str(row.pk), row.name) for row in Campaign.objects.order_by("name")]


def _sectors() -> list[tuple[str, str]]:
    return [(sector.id, sector.name) for sector in sectors().values()]


def _workers() -> list[tuple[str, str]]:
    return [(str(row.pk), str(row)) for row in workers()]


def _words(words: Any) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


STAFF_ONLY = frozenset({"assignee", "unassigned", "cluster", "notify"})
"""Columns and filters that members of organisations do not get."""

CASES = Listing(
    key="cases",
    title="Cases",
    noun="cases",
    empty="No web shell and no compromise is known here. That says nothing of whether there are any.",
    search=Search(
        label="Server's address or host name begins with",
        field="server",
        keys=servers_that_begin,
        hint="192.0.2. or mail.contoso",
    ),
    orders=(
        Order(key="opened", label="Found", fields=("-opened", "-id")),
        Order(key="due", label="Due", fields=("due_order", "id")),
        Order(key="state", label="State", fields=("stage", "id")),
        Order(key="risk", label="Risk", fields=("-risk", "-id")),
    ),
    columns=(
        Column(key="case", label="Case", value=str, link=_page),
        Column(key="kind", label="What", value=lambda row: row.kind),
        Column(
            key="server",
            label="Server",
            value=lambda row: str(row.server) if row.server else None,
            link=_server,
        ),
        Column(
            key="organisation",
            label="Owner",
            value=lambda row: str(row.organisation) if row.organisation else None,
        ),
        Column(key="state", label="State", value=lambda row: row.state, kind="state", order="state"),
        Column(
            key="assignee", label="Assigned", value=lambda row: str(row.assignee) if row.assignee else None
        ),
        Column(key="due", label="Due", value=lambda row: row.due, kind="day", order="due"),
        Column(key="risk", label="Risk", value=lambda row: row.risk, kind="number", order="risk"),
        Column(key="opened", label="Found", value=lambda row: row.opened, kind="day", order="opened"),
    ),
    filters=(
        Choice(key="state", label="State", field="state", choices=_words(CaseState)),
        Choice(key="kind", label="What", field="kind", choices=_words(CaseKind)),
        Choice(key="campaign", label="Campaign", field="campaign", choices=_campaigns),
        Choice(key="sector", label="Sector", field="sector", choices=_sectors),
        Flag(key="open", label="Open", met=Q(state__in=sorted(OPEN))),
        Choice(key="assignee", label="Assigned to", field="assignee", choices=_workers),
        Flag(key="unassigned", label="Assigned to nobody", met=Q(assignee__isnull=True)),
        Flag(key="overdue", label="Overdue", met=Q(overdue=True)),
        Day(key="due", label="Due until", field="due", until=True, moment=False),
        Number(key="cluster", label="Looks alike: number", field="cluster"),
        Flag(key="notify", label="Notice asked for", met=Q(notify=True)),
        Flag(key="reappeared", label="Came back", met=Q(reopened__gt=0)),
        Exactly(key="country", label="Country", field="country", fold=str.upper, hint="two letters"),
        Number(key="organisation", label="Owner's number", field="organisation"),
        Number(key="server", label="Server's number", field="server"),
        Day(key="since", label="Found since", field="opened"),
        Day(key="until", label="Found until", field="opened", until=True),
    ),
)

OWN = msgspec.structs.replace(
    CASES,
    columns=tuple(each for each in CASES.columns if each.key not in STAFF_ONLY),
    filters=tuple(each for each in CASES.filters if each.key not in STAFF_ONLY),
)
"""The list as members of organisations see it."""


def _why(case: Case) -> str:
    return "; ".join(piggyback.risk(exposed(case), timezone.now().date()).words)


PIGGYBACK = Listing(
    key="piggyback",
    title="Who may be used by others next",
    noun="cases",
    empty="No open web shell stands on a patched server, or on one with more than one hand.",
    orders=(Order(key="risk", label="Risk", fields=("-risk", "-id")),),
    columns=(
        Column(key="case", label="Case", value=str, link=_page),
        CASES.columns[2],
        CASES.columns[3],
        Column(key="sector", label="Sector", value=lambda row: row.sector),
        CASES.columns[4],
        Column(key="risk", label="Points", value=lambda row: row.risk, kind="number", order="risk"),
        Column(key="why", label="Why", value=_why),
    ),
    filters=(
        Choice(key="campaign", label="Campaign", field="campaign", choices=_campaigns),
        Choice(key="sector", label="Sector", field="sector", choices=_sectors),
        Flag(key="second", label="More than one hand", met=Q(second_hand=True)),
        Flag(key="patched", label="Patched", met=Q(patched=True)),
    ),
)


def _members(cluster: Cluster) -> str:
    return f"{reverse('cases')}?cluster={cluster.pk}"


CLUSTERS = Listing(
    key="case-clusters",
    title="Web shells that look alike",
    noun="clusters",
    empty="No two web shells look alike.",
    orders=(Order(key="cases", label="Cases", fields=("-cases", "-id")),),
    columns=(
        Column(key="cluster", label="Cluster", value=str, link=_members),
        Column(key="cases", label="Cases", value=lambda row: row.cases, kind="number", order="cases"),
        Column(
            key="organisations", label="Organisations", value=lambda row: row.organisations, kind="number"
        ),
        Column(key="why", label="Because of", value=lambda row: ", ".join(row.why)),
        Column(key="first", label="First found", value=lambda row: row.first_found, kind="day"),
        Column(key="last", label="Last found", value=lambda row: row.last_found, kind="day"),
    ),
    filters=(
        Flag(key="across", label="In several organisations", met=Q(organisations__gt=1)),
        Day(key="since", label="Last found since", field="last_found"),
    ),
)
