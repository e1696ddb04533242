"""What attackers run as pages: written down, reported, followed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import administrators, person_of, staff, writers
from tocsin.hub.accounts.models import OperatorText
from tocsin.hub.accounts.services import record, record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.listing.views import show
from tocsin.hub.relay import offering, reporting, selectors
from tocsin.hub.relay.forms import AuthorityForm, InfrastructureForm, SeenForm, SenderForm, StepForm
from tocsin.hub.relay.lists import INFRASTRUCTURE, REPORTS
from tocsin.hub.relay.models import Authority, Infrastructure, Report


@staff
def infrastructures(request: HttpRequest) -> HttpResponseBase:
    """All that was written down."""
    rows = selectors.infrastructure_visible_to(request.user)
    return show(request, INFRASTRUCTURE, rows=rows, template="relay/infrastructures.html")


@writers
def new_infrastructure(request: HttpRequest) -> HttpResponse:
    """Write something down."""
    form = InfrastructureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = reporting.keep(form.found(), by=person_of(request))
        except UsageFault as fault:
            form.add_error(None, str(fault))
        else:
            return redirect("infrastructure", row.pk)
    context = {"form": form, "title": "Infrastructure of attackers", "back": reverse("infrastructures")}
    return render(request, "form.html", context)


@staff
def offered(request: HttpRequest) -> HttpResponse:
    """What a campaign's pack knows of attackers, to be taken over."""
    campaigns = list(Campaign.objects.filter(active=True).order_by("name"))
    named = request.GET.get("campaign", "")
    campaign = next((one for one in campaigns if one.key == named or not named), None)
    if campaign is None:
        raise Http404
    form = SeenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = offering.take_over(
                campaign, request.POST.getlist("chosen"), by=person_of(request), **form.seen()
            )
        except UsageFault as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, f"{len(made)} written down.")
            return redirect("infrastructures")
    context = {"campaign": campaign, "campaigns": campaigns, "rows": offering.offers(campaign), "form": form}
    return render(request, "relay/offers.html", context)


def _visible(request: HttpRequest, number: int) -> Infrastructure:
    return get_object_or_404(selectors.infrastructure_visible_to(request.user), pk=number)


@staff
def infrastructure(request: HttpRequest, number: int) -> HttpResponse:
    """One of them: whom to write to, who was written to, and who may be a victim there."""
    row = _visible(request, number)
    victims = reporting.victims(row)
    record_reading(request, len(victims))
    context = {
        "row": row,
        "victims": victims,
        "hosters": reporting.hosters(row),
        "authorities": Authority.objects.filter(active=True).order_by("name"),
        "reports": row.reports.prefetch_related("steps__by").order_by("pk"),
        "form": StepForm(),
        "sender": reporting.sender(),
    }
    return render(request, "relay/infrastructure.html", context)


@writers
@require_POST
def report(request: HttpRequest, number: int) -> HttpResponse:
    """Queue reports to those who were chosen."""
    row = _visible(request, number)
    chosen = {name: _numbers(request.POST.getlist(name)) for name in ("contacts", "authorities")}
    if reporting.victims(row) and "confirmed" not in request.POST:
        messages.error(request, "A server of the census stands at this place: confirm that it is no victim.")
        return redirect("infrastructure", number)
    try:
        made = reporting.report(row, by=person_of(request), **chosen)
    except UsageFault as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, f"{len(made)} queued; whoever got one before gets no second.")
    return redirect("infrastructure", number)


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts[:100] if text.isascii() and text.isdigit() and len(text) < 19]  # noqa: PLR2004 - 63 bits


@staff
def reports(request: HttpRequest) -> HttpResponseBase:
    """All reports, and how long recipients take."""
    rows = selectors.reports_visible_to(request.user)
    context = {"acting": selectors.acting(request.user)}
    return show(request, REPORTS, rows=rows, template="relay/reports.html", context=context)


@writers
@require_POST
def step_report(request: HttpRequest, number: int) -> HttpResponse:
    """Say what became of a report."""
    row = get_object_or_404(Report, pk=number)
    form = StepForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {"state": "", "note": ""}
    try:
        reporting.step(row, given["state"], by=person_of(request), note=given["note"])
    except UsageFault as fault:
        messages.error(request, str(fault))
    return redirect("infrastructure", row.infrastructure_id)


@administrators
def authorities(request: HttpRequest) -> HttpResponse:
    """Law enforcement that gets reports, and who we are to them."""
    form = AuthorityForm(request.POST if "country" in request.POST else None)
    ours = _sender_form(request)
    if request.method == "POST" and form.is_valid():
        row = form.save()
        record("authority added", f"authority:{row.pk}", by=person_of(request), name=row.name)
        return redirect("authorities")
    if request.method == "POST" and ours.is_valid():
        _set_sender(request, ours)
        return redirect("authorities")
    context = {"form": form, "sender_form": ours, "rows": Authority.objects.order_by("name")}
    return render(request, "relay/authorities.html", context)


def _sender_form(request: HttpRequest) -> SenderForm:
    now = reporting.sender()
    initial = {"name": now.name, "address": now.address} if now else None
    posted = request.method == "POST" and "country" not in request.POST
    return SenderForm(request.POST if posted else None, initial=initial, prefix="sender")


def _set_sender(request: HttpRequest, form: SenderForm) -> None:
    by = person_of(request)
    for key, field in zip(reporting.SENDER, ("name", "address"), strict=True):
        OperatorText.objects.update_or_create(key=key, defaults={"text": form.cleaned_data[field], "by": by})
    record("sender of reports set", "hub", by=by, **form.cleaned_data)


@administrators
@require_POST
def end_authority(request: HttpRequest, number: int) -> HttpResponse:
    """Write to an authority no longer; what it got stays on record."""
    row = get_object_or_404(Authority, pk=number)
    row.active = False
    row.save(update_fields=["active"])
    record("authority ended", f"authority:{row.pk}", by=person_of(request), name=row.name)
    return redirect("authorities")
