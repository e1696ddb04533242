"""What staff see of owners: hand-ins and decisions about them, answers, links."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, staff, writers
from tocsin.hub.accounts.services import record, record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Server
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.listing.views import show
from tocsin.hub.lists import quarantine
from tocsin.hub.owners import answering, deciding, selectors, services
from tocsin.hub.owners.forms import DecideForm, LinkForm
from tocsin.hub.owners.lists import ANSWERS, HAND_INS, LINKS
from tocsin.hub.owners.models import HandIn
from tocsin.hub.rules.handins import DECIDED, State

LIST = "owners/list.html"


@login_required
def hand_ins(request: HttpRequest) -> HttpResponseBase:
    """What was handed in, newest first."""
    rows = selectors.visible_to(person_of(request))
    return show(request, HAND_INS, rows=rows, template=LIST)


@login_required
def hand_in(request: HttpRequest, key: int) -> HttpResponse:
    """One hand-in: what it shows, how far it carries, and what stands against closing."""
    row = _visible(request, key)
    record_reading(request, 1)
    return _page(request, row, DecideForm())


def _visible(request: HttpRequest, key: int) -> HandIn:
    return get_object_or_404(selectors.visible_to(person_of(request)).select_related("nonce"), pk=key)


def _page(request: HttpRequest, row: HandIn, form: DecideForm, status: int = 200) -> HttpResponse:
    person = person_of(request)
    decided = row.state in DECIDED
    context = {
        "row": row,
        "form": form,
        "decided": decided,
        "objections": row.objections if decided else deciding.objections_to(row, person),
        "may_close": row.state == State.OPEN,
        "readable": row.report is not None,
        "shells": selectors.shells_of(row),
    }
    return render(request, "owners/hand_in.html", context, status=status)


@writers
@require_POST
def decide(request: HttpRequest, key: int) -> HttpResponse:
    """Confirm, confirm and close, refuse, or have it examined again."""
    row, form = _visible(request, key), DecideForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=400)
    try:
        _decide(request, row, form.cleaned_data["reason"])
    except UsageFault as fault:
        form.add_error(None, str(fault))
        return _page(request, row, form, status=409)
    messages.success(request, "Decided, under your name.")
    return redirect("hand-in", key)


def _decide(request: HttpRequest, row: HandIn, reason: str) -> None:
    by, what = person_of(request), request.POST.get("what", "")
    if what in {"confirm", "close"}:
        deciding.confirm(row, by=by, reason=reason, close=what == "close")
    elif what == "refuse":
        deciding.refuse(row, by=by, reason=reason)
    elif what == "again":
        deciding.examine_again(row, by=by)
    else:
        raise UsageFault("confirm, close, refuse or again", where="what")


@staff
@require_GET
def file(request: HttpRequest, key: int) -> HttpResponseBase:
    """The file as it came, as a download of no kind in particular; who took it is recorded."""
    row = _visible(request, key)
    try:
        answer = quarantine.attachment(row.digest, f"hand-in-{row.pk}.bin")
    except UsageFault as fault:
        raise Http404 from fault
    record("hand-in fetched", f"hand-in:{row.pk}", by=person_of(request))
    return answer


@login_required
def answers(request: HttpRequest) -> HttpResponseBase:
    """What owners said, newest first."""
    rows = selectors.answers_visible_to(person_of(request))
    return show(request, ANSWERS, rows=rows, template=LIST)


@writers
@require_POST
def handled(request: HttpRequest, key: int) -> HttpResponse:
    """Say that somebody here took an answer up."""
    row = get_object_or_404(selectors.answers_visible_to(person_of(request)), pk=key)
    answering.handled(row, by=person_of(request))
    return redirect("owner-link", row.link_id)


@staff
def links(request: HttpRequest) -> HttpResponseBase:
    """The links that were given, newest first."""
    rows = selectors.links_visible_to(person_of(request))
    return show(request, LINKS, rows=rows, template=LIST)


@login_required
def one_link(request: HttpRequest, key: int) -> HttpResponse:
    """One link: for whom, about which servers, what was answered and handed in by it."""
    found = get_object_or_404(selectors.links_visible_to(person_of(request)), pk=key)
    record_reading(request, 1)
    context = {
        "link": found,
        "servers": found.servers.order_by("id")[:200],
        "answers": found.answers.select_related("server", "handled_by").order_by("-id")[:200],
        "hand_ins": found.hand_ins.select_related("server").order_by("-id")[:200],
    }
    return render(request, "owners/link.html", context)


@writers
@require_POST
def withdraw(request: HttpRequest, key: int) -> HttpResponse:
    """Close a link at once."""
    link = get_object_or_404(selectors.links_visible_to(person_of(request)), pk=key)
    try:
        services.withdraw_link(link, by=person_of(request), reason=request.POST.get("reason", "")[:500])
    except UsageFault as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, "Withdrawn. Its page says so to whoever follows it.")
    return redirect("owner-link", key)


@writers
def new_link(request: HttpRequest, key: int, campaign: str) -> HttpResponse:
    """Give the owner of a server a link by hand; its address is shown once."""
    found = get_object_or_404(servers_visible_to(person_of(request)).select_related("organisation"), pk=key)
    about = get_object_or_404(Campaign, key=campaign, standings__server=found)
    form, address = LinkForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        address = _made(request, form, found, about)
    return render(
        request,
        "owners/new_link.html",
        {"form": form, "address": address, "server": found, "campaign": about},
    )


def _made(request: HttpRequest, form: LinkForm, server: Server, campaign: Campaign) -> str:
    if server.organisation is None:
        form.add_error(None, "Nobody is known to own this server: record a claim first.")
        return ""
    _, address = services.make_link(
        organisation=server.organisation,
        servers=[server.pk],
        campaign=campaign,
        purpose=form.cleaned_data["purpose"],
        days=form.cleaned_data["days"],
        by=person_of(request),
    )
    return address
