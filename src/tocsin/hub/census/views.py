"""The census as pages: servers, snapshots."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from tocsin.hub.accounts.doors import person_of, staff
from tocsin.hub.census import selectors
from tocsin.hub.census.lists import SERVERS, SNAPSHOTS
from tocsin.hub.listing.views import show


@login_required
def servers(request: HttpRequest) -> HttpResponseBase:
    """Every server that the census knows and this visitor may see."""
    rows = selectors.servers_visible_to(person_of(request)).select_related("organisation")
    return show(request, SERVERS, rows=rows)


@staff
def snapshots(request: HttpRequest) -> HttpResponseBase:
    """Every census that was taken in."""
    return show(request, SNAPSHOTS, rows=selectors.snapshots_visible_to(person_of(request)))


@staff
def snapshot(request: HttpRequest, key: int) -> HttpResponse:
    """One census: its scope and method, what was read, and every row that was refused."""
    found = get_object_or_404(selectors.snapshots_visible_to(person_of(request)), pk=key)
    return render(request, "census/snapshot.html", {"snapshot": found})
