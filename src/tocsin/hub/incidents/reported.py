"""Incident reports as directives take them: whose, when, about which servers, and whether they were read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC

from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.incidents.selectors import UNSEEN
from tocsin.hub.rules.incident import State
from tocsin.hub.rules.proofs import Reported
from tocsin.hub.rules.tlp import Tlp

UNREAD = frozenset({State.RECEIVED.value})


def reported(*, organisations: Collection[int], campaigns: Collection[str]) -> list[Reported]:
    """Give the reports of some organisations that belong to one of some campaigns, or to none yet.

    What nobody has checked and what was refused is no report. Of one that is TLP:RED not even the reference
    is told: answers under a directive leave in workbooks and files.
    """
    rows = IncidentReport.objects.filter(organisation__in=organisations).exclude(state__in=UNSEEN)
    found = rows.select_related("campaign").prefetch_related("servers").order_by("received", "pk")
    return [_told(row) for row in found if row.campaign is None or row.campaign.key in campaigns]


def _told(row: IncidentReport) -> Reported:
    return Reported(
        organisation=row.organisation_id or 0,
        at=row.received.astimezone(UTC),
        looked=row.state not in UNREAD,
        campaign=row.campaign_id is not None,
        servers=frozenset(server.pk for server in row.servers.all()),
        where="" if row.tlp == Tlp.RED else f"incident:{row.reference}",
    )
