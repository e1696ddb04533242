"""Subscriptions as pages. Opening a link changes nothing: mail scanners open all of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import administrators, person_of
from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.services import place_of
from tocsin.hub.advisories import selectors, subscriptions
from tocsin.hub.advisories.forms import SubscribeForm
from tocsin.hub.advisories.lists import SUBSCRIBERS
from tocsin.hub.listing.views import show

TRIES, ALL_TOGETHER = 5, 200
"""Addresses that one visitor may type in ten minutes, and all of them together in an hour."""

LINKS = 60
"""Links that one address may follow in a minute."""


@never_cache
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask for advisories by mail. The answer is the same whether or not the address is known."""
    form = SubscribeForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "advisories/subscribe.html", {"form": form})
    here = within(f"subscribe from {place_of(request)}", TRIES, seconds=600)
    if not (here and within("subscribe", ALL_TOGETHER, seconds=3600)):
        return render(request, "429.html", status=429)
    try:
        subscriptions.ask(form.cleaned_data["address"])
    except UsageFault as fault:
        form.add_error("address", fault.what)
        return render(request, "advisories/subscribe.html", {"form": form})
    return render(request, "advisories/said.html", {"said": "asked"})


def _often(request: HttpRequest) -> bool:
    return not within(f"subscription link {place_of(request)}", LINKS, seconds=60)


@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A button that begins the subscription."""
    if _often(request):
        return render(request, "429.html", status=429)
    if request.method == "POST" and subscriptions.confirm(token):
        return render(request, "advisories/said.html", {"said": "begun"})
    if subscriptions.waiting_for(token) is None:
        return render(request, "advisories/link_is_gone.html", status=410)
    return render(request, "advisories/press.html", {"what": "confirm"})


@csrf_exempt  # mail programs post without our cookie (RFC 8058); the link's signature is the permission
@never_cache
def end(request: HttpRequest, token: str) -> HttpResponse:
    """End the subscription: by one POST of a mail program, or by the button."""
    if not subscriptions.genuine(token):
        return render(request, "advisories/link_is_gone.html", status=410)
    if request.method == "POST":
        subscriptions.end(token)
        return render(request, "advisories/said.html", {"said": "ended"})
    return render(request, "advisories/press.html", {"what": "end"})


@administrators
def subscribers(request: HttpRequest) -> HttpResponseBase:
    """Who gets advisories by mail."""
    return show(request, SUBSCRIBERS, rows=selectors.subscribers_visible_to(request.user))


@administrators
def subscriber(request: HttpRequest, number: int) -> HttpResponse:
    """One subscriber: what may be sent to him."""
    row = get_object_or_404(selectors.subscribers_visible_to(request.user), pk=number)
    return render(request, "advisories/subscriber.html", {"subscriber": row})


@administrators
@require_POST
def change_subscriber(request: HttpRequest, number: int) -> HttpResponse:
    """Let him have TLP:GREEN, or no longer; or remove him."""
    row = get_object_or_404(selectors.subscribers_visible_to(request.user), pk=number)
    change, by = request.POST.get("change", ""), person_of(request)
    if change == "remove":
        subscriptions.remove(row, by=by)
        return redirect("subscribers")
    try:
        subscriptions.set_community(row, community=change == "community", by=by)
    except UsageFault as fault:
        messages.error(request, str(fault))
    return redirect("subscriber", number)
