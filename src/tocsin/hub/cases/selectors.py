"""Who may see which cases; and what pages show of one."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from tocsin.hub.cases.models import Case
from tocsin.hub.constituency.selectors import Visitor, organisation_ids


def visible_to(user: Visitor) -> QuerySet[Case]:
    """The cases that a person may see: all for staff; for members, those of their organisations' servers."""
    owned = organisation_ids(user)
    found = Case.objects.select_related("server", "campaign", "organisation", "assignee")
    if owned is None:
        return found
    still = Q(server=None) | Q(server__organisation_id__in=owned)
    return found.filter(still, organisation_id__in=owned)
