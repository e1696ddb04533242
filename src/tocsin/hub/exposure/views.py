"""Where servers stand, as pages: a campaign's servers, one server, decisions about one and about many."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, writers
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Server
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.exposure import bulk, selectors, services
from tocsin.hub.exposure.forms import MANY, DecisionForm
from tocsin.hub.exposure.lists import STANDINGS
from tocsin.hub.exposure.models import Decision
from tocsin.hub.exposure.server_page import server_page
from tocsin.hub.listing.lists import Bulk
from tocsin.hub.listing.views import show

ACTIONS = (*((kind.value, words) for kind, words in MANY.items()), (bulk.REMATCH, "Match owners again"))


@login_required
def standings(request: HttpRequest, campaign: str) -> HttpResponseBase:
    """The servers of one campaign, on both axes."""
    found, user = get_object_or_404(Campaign, key=campaign), person_of(request)
    rows = selectors.visible_to(user).filter(campaign=found)
    many = Bulk(address=reverse("decide-many", args=[campaign]), actions=ACTIONS) if user.writes else None
    context = {"campaign": found}
    return show(request, STANDINGS, rows=rows, template="exposure/standings.html", context=context, bulk=many)


def _visible(request: HttpRequest, key: int) -> Server:
    rows = servers_visible_to(person_of(request)).select_related("organisation")
    return get_object_or_404(rows, pk=key)


@login_required
def server(request: HttpRequest, key: int) -> HttpResponse:
    """One server: what it is, who saw what, both axes over time, decisions and events."""
    found = _visible(request, key)
    record_reading(request, 1)
    return render(request, "exposure/server.html", server_page(person_of(request), found))


@writers
def decide_one(request: HttpRequest, key: int, campaign: str) -> HttpResponse:
    """A form to decide about one server in one campaign."""
    found = _visible(request, key)
    about = get_object_or_404(Campaign, key=campaign, standings__server=found)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _decided(request, form, about, [found.pk]):
        return redirect("server", key)
    return render(request, "exposure/decide.html", {"form": form, "server": found, "campaign": about})


def _decided(request: HttpRequest, form: DecisionForm, campaign: Campaign, servers: list[int]) -> bool:
    """Decide; what the service objects to stands in the form."""
    try:
        services.decide(by=person_of(request), campaign=campaign, servers=servers, ruling=form.ruling())
    except UsageFault as fault:
        form.add_error(None, str(fault))
        return False
    messages.success(request, f"Decided about {len(servers):,} server{'s' if len(servers) > 1 else ''}.")
    return True


@writers
@require_POST
def withdraw(request: HttpRequest, key: int) -> HttpResponse:
    """Take a decision back, with a reason."""
    decision = get_object_or_404(selectors.decisions_visible_to(person_of(request)), pk=key)
    _withdrawn(request, decision)
    return redirect("server", decision.server_id)


def _withdrawn(request: HttpRequest, decision: Decision) -> None:
    try:
        services.withdraw(
            by=person_of(request), decision=decision, reason=request.POST.get("reason", "")[:5_000]
        )
    except UsageFault as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, "Taken back. It stays in the record.")


@writers
@require_POST
def decide_many(request: HttpRequest, campaign: str) -> HttpResponse:
    """How many servers are meant, what is to be decided, and why; done when that is confirmed."""
    about = get_object_or_404(Campaign, key=campaign)
    chosen = bulk.chosen(person_of(request), about, request.POST)
    if request.POST.get("action") == bulk.REMATCH:
        return _rematch(request, about, chosen)
    confirmed = request.POST.get("confirmed") == str(len(chosen.servers))
    form = DecisionForm(
        request.POST if "confirmed" in request.POST else None, initial={"kind": request.POST.get("action")}
    )
    sound = bool(chosen.servers) and not chosen.too_many and confirmed and form.is_valid()
    if sound and _decided(request, form, about, list(chosen.servers)):
        return redirect("standings", campaign)
    return render(
        request, "exposure/decide_many.html", _confirmation(request, about, chosen) | {"form": form}
    )


def _confirmation(request: HttpRequest, campaign: Campaign, chosen: bulk.Chosen) -> dict[str, object]:
    return {
        "campaign": campaign,
        "chosen": chosen,
        "most": bulk.MOST,
        "first": Server.objects.filter(pk__in=chosen.servers[:20]),
        "which": request.POST.get("which", ""),
        "query": request.POST.get("query", ""),
        "rows": request.POST.getlist("chosen"),
        "changed": "confirmed" in request.POST and request.POST["confirmed"] != str(len(chosen.servers)),
    }


def _rematch(request: HttpRequest, campaign: Campaign, chosen: bulk.Chosen) -> HttpResponse:
    if "confirmed" in request.POST and not chosen.too_many:
        bulk.rematch(person_of(request), chosen.servers)
        messages.success(request, f"Owners of {len(chosen.servers):,} servers were matched again.")
        return redirect("standings", campaign.key)
    return render(request, "exposure/rematch.html", _confirmation(request, campaign, chosen))
