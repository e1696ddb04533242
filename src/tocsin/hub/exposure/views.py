"""Where servers stand, as pages: a campaign's servers, one server, decisions about some."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from tocsin.hub.accounts.doors import person_of
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.exposure import selectors
from tocsin.hub.exposure.lists import STANDINGS
from tocsin.hub.exposure.server_page import server_page
from tocsin.hub.listing.views import show


@login_required
def standings(request: HttpRequest, campaign: str) -> HttpResponseBase:
    """The servers of one campaign, on both axes."""
    found = get_object_or_404(Campaign, key=campaign)
    rows = selectors.standings_of(person_of(request), found)
    return show(
        request, STANDINGS, rows=rows, template="exposure/standings.html", context={"campaign": found}
    )


@login_required
def server(request: HttpRequest, key: int) -> HttpResponse:
    """One server: what it is, who saw what, both axes over time, decisions and events."""
    user = person_of(request)
    found = get_object_or_404(servers_visible_to(user).select_related("organisation"), pk=key)
    record_reading(request, 1)
    return render(request, "exposure/server.html", server_page(user, found))
