"""Campaigns and the catalogue of known exploited vulnerabilities, as pages."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, writers
from tocsin.hub.campaigns import selectors, services
from tocsin.hub.lists.keyset import page

LARGEST = 32 * 1024 * 1024


class CatalogueForm(forms.Form):
    """The catalogue's file."""

    file = forms.FileField(label="known_exploited_vulnerabilities.json")


@login_required
def campaigns(request: HttpRequest) -> HttpResponse:
    """Every campaign that the hub knows."""
    found = selectors.visible_to(request.user).order_by("-active", "name")
    return render(request, "campaigns/campaigns.html", {"campaigns": found})


@login_required
def campaign(request: HttpRequest, key: str) -> HttpResponse:
    """One campaign: its vulnerabilities, its pack, what the catalogue says."""
    found = get_object_or_404(selectors.visible_to(request.user), key=key)
    today = timezone.now().date()
    known = [(row, selectors.overdue(row, today)) for row in selectors.of_campaign(found)]
    return render(request, "campaigns/campaign.html", {"campaign": found, "known": known})


@writers
@require_POST
def follow(request: HttpRequest, key: str) -> HttpResponse:
    """Follow a campaign, or no longer."""
    found = get_object_or_404(selectors.visible_to(request.user), key=key)
    services.set_active(found, active=request.POST.get("active") == "yes", by=person_of(request))
    return redirect("campaign", key=key)


@login_required
def catalogue(request: HttpRequest) -> HttpResponse:
    """The catalogue, newest first; writers take in a newer one."""
    form = CatalogueForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and person_of(request).writes and form.is_valid():
        return _taken(request, form.cleaned_data["file"].read(LARGEST))
    rows = selectors.search(
        selectors.catalogue_visible_to(request.user), request.GET.get("text", "").replace("\0", "")
    )
    found = page(rows, order=("-added", "-pk"), cursor=request.GET.get("cursor", ""))
    today = timezone.now().date()
    context = {
        "page": found,
        "form": form,
        "rows": [(row, selectors.overdue(row, today)) for row in found.rows],
    }
    return render(request, "campaigns/catalogue.html", context)


def _taken(request: HttpRequest, data: bytes) -> HttpResponse:
    try:
        taken = services.import_catalogue(data, by=person_of(request))
    except UsageFault as fault:
        messages.error(request, str(fault))
    else:
        said = f"{taken.rows} rows: {taken.new} new, {taken.changed} changed, {len(taken.refused)} refused; "
        messages.success(
            request, said + f"{taken.due_before_added} are due before they were added, and flagged."
        )
    return redirect("catalogue")
