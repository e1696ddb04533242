"""Events for programs as pages: how to get them, which receivers there are, and why one is disabled."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import only, person_of
from tocsin.hub.rules.streams import may_subscribe
from tocsin.hub.rules.words import Role
from tocsin.hub.streams import services
from tocsin.hub.streams.forms import SubscriptionForm
from tocsin.hub.streams.models import Subscription
from tocsin.hub.streams.selectors import deliveries_of, subscriptions_visible_to

SHOWN = 100
subscribers = only(Role.ADMINISTRATOR, Role.MEMBER)


@login_required
@never_cache
def subscriptions(request: HttpRequest) -> HttpResponse:
    """How programs get events; receivers, and a form for a new one, whose secret is shown once."""
    may = may_subscribe(person_of(request).role)
    if request.method == "POST" and not may:
        raise PermissionDenied
    form, secret = SubscriptionForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        secret = _made(request, form)
        form = SubscriptionForm() if secret else form
    rows = subscriptions_visible_to(request.user).order_by("-pk")[:SHOWN]
    context = {"rows": rows, "form": form, "secret": secret, "may": may, "hub": settings.PUBLIC_URL}
    return render(request, "streams/subscriptions.html", context)


def _made(request: HttpRequest, form: SubscriptionForm) -> str:
    try:
        _, secret = services.subscribe(person_of(request), **form.cleaned_data)
    except UsageFault as fault:
        form.add_error("url", str(fault))
        return ""
    return secret


def _own(request: HttpRequest, number: int) -> Subscription:
    return get_object_or_404(subscriptions_visible_to(request.user), pk=number)


@subscribers
def subscription(request: HttpRequest, number: int) -> HttpResponse:
    """One receiver, with every delivery and every try."""
    row = _own(request, number)
    context = {"row": row, "deliveries": deliveries_of(row)[:SHOWN]}
    return render(request, "streams/subscription.html", context)


@subscribers
@require_POST
@never_cache
def change_subscription(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """Enable, go on from now, disable, test, change the secret, or remove."""
    row, by = _own(request, number), person_of(request)
    if what == "secret":
        context = {"row": row, "secret": services.change_secret(row, by=by), "deliveries": []}
        return render(request, "streams/subscription.html", context)
    try:
        _change(row, what, request)
    except UsageFault as fault:
        messages.error(request, str(fault))
    return redirect("subscriptions") if what == "remove" else redirect("subscription", number)


def _change(row: Subscription, what: str, request: HttpRequest) -> None:
    by = person_of(request)
    if what == "remove":
        services.unsubscribe(row, by=by)
    elif what == "disable":
        services.disable(row, f"by {by}", by=by)
    elif what in {"enable", "from-now"}:
        services.enable(row, by=by, from_now=what == "from-now")
    elif what == "test":
        services.send_test(row)
    else:
        raise UsageFault("there is nothing of this kind to do")
