"""Organisations as pages: list, detail, forms, imports, the contact-gap map, conflicting claims."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, staff, writers
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.constituency import importing, selectors, services
from tocsin.hub.constituency.forms import ClaimForm, ContactForm, ImportForm, OrganisationForm, sector_choices
from tocsin.hub.constituency.models import Claim, Contact, Import, Organisation
from tocsin.hub.lists.keyset import page
from tocsin.hub.rules.cells import as_csv
from tocsin.hub.rules.sectors import sectors

ORDERS = {
    "name": ("folded", "pk"),
    "-name": ("-folded", "-pk"),
    "sector": ("sector", "folded", "pk"),
    "-sector": ("-sector", "-folded", "-pk"),
}
MOST = 1_000
SHOWN = 200


def _found(request: HttpRequest) -> Any:
    wanted = {
        name: request.GET.get(name, "").replace("\0", "")[:200] for name in ("text", "sector", "country")
    }
    return selectors.search(selectors.visible_to(request.user), **wanted)


@login_required
def organisations(request: HttpRequest) -> HttpResponse:
    """All that this person may see, by name or sector."""
    order = ORDERS.get(request.GET.get("sort", ""), ORDERS["name"])
    found = page(_found(request), order=order, cursor=request.GET.get("cursor", ""))
    record_reading(request, len(found.rows))
    context = {"page": found, "sectors": sectors(), "sorted_by": "name", "choices": sector_choices()}
    return render(request, "constituency/organisations.html", context)


@login_required
def organisations_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The first 1,000 of the list; more is a bulk export, by two people."""
    record_reading(request, MOST)
    rows = _found(request).order_by("folded", "pk").values_list("pk", "name", "sector", "country", "region")
    lines = as_csv(["id", "name", "sector", "country", "region"], rows[:MOST])
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="organisations.csv"'
    return answer


@login_required
def organisation(request: HttpRequest, number: int) -> HttpResponse:
    """One organisation: contacts, claims, servers, history."""
    found = get_object_or_404(selectors.visible_to(request.user).select_related("parent"), pk=number)
    record_reading(request, 1)
    context = {
        "organisation": found,
        "sector": sectors().get(found.sector),
        "contacts": found.contacts.order_by("provenance", "role", "value")[:SHOWN],
        "claims": found.claims.order_by("kind", "value")[:SHOWN],
        "servers": found.servers.order_by("-last_seen", "-pk")[:SHOWN],
        "children": selectors.visible_to(request.user).filter(parent=found).order_by("folded")[:SHOWN],
        "history": services.history(found) if person_of(request).writes else [],
        "today": timezone.now().date(),
    }
    return render(request, "constituency/organisation.html", context)


@writers
def new_organisation(request: HttpRequest) -> HttpResponse:
    """A new organisation."""
    return _edited(request, OrganisationForm, Organisation(), "New organisation", services.save_organisation)


@writers
def edit_organisation(request: HttpRequest, number: int) -> HttpResponse:
    """Change an organisation."""
    found = get_object_or_404(Organisation, pk=number)
    return _edited(request, OrganisationForm, found, f"Edit {found}", services.save_organisation)


@writers
def new_contact(request: HttpRequest, number: int) -> HttpResponse:
    """A new contact of an organisation."""
    found = get_object_or_404(Organisation, pk=number)
    return _edited(
        request, ContactForm, Contact(organisation=found), f"New contact of {found}", services.save_contact
    )


@writers
def edit_contact(request: HttpRequest, number: int) -> HttpResponse:
    """Change a contact."""
    found = get_object_or_404(Contact, pk=number)
    return _edited(request, ContactForm, found, f"Edit contact {found}", services.save_contact)


@writers
def new_claim(request: HttpRequest, number: int) -> HttpResponse:
    """A new claim of an organisation."""
    found = get_object_or_404(Organisation, pk=number)
    return _edited(
        request, ClaimForm, Claim(organisation=found), f"New claim of {found}", services.save_claim
    )


@writers
def edit_claim(request: HttpRequest, number: int) -> HttpResponse:
    """Change a claim, or end it by its last day."""
    found = get_object_or_404(Claim, pk=number)
    return _edited(request, ClaimForm, found, f"Edit claim {found}", services.save_claim)


def _edited(
    request: HttpRequest, form_of: type[ModelForm[Any]], row: Model, title: str, save: Any
) -> HttpResponse:
    """A form for a row, saved by its service; what the service refuses stands on the form."""
    form = form_of(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save(form.save(commit=False), by=person_of(request))
        except UsageFault as fault:
            form.add_error(None, str(fault))
        else:
            return redirect("organisation", number=getattr(saved, "organisation_id", saved.pk))
    return render(request, "form.html", {"form": form, "title": title, "back": reverse("organisations")})


@writers
@require_POST
def mark_contact(request: HttpRequest, number: int) -> HttpResponse:
    """Verified, opted out or in, bounced, delivered, or removed."""
    found, what = get_object_or_404(Contact, pk=number), request.POST.get("mark", "")
    try:
        if what == "removed":
            services.remove_contact(found, by=person_of(request))
        else:
            services.mark_contact(found, what, by=person_of(request))
    except UsageFault as fault:
        messages.error(request, str(fault))
    return redirect("organisation", number=found.organisation_id)


@writers
@require_POST
def end_claim(request: HttpRequest, number: int) -> HttpResponse:
    """Let a claim end today."""
    found = get_object_or_404(Claim, pk=number)
    services.end_claim(found, timezone.now().date(), by=person_of(request))
    return redirect("organisation", number=found.organisation_id)


@writers
def imports(request: HttpRequest) -> HttpResponse:
    """Take in a file of organisations, or say what it would change."""
    form, context = ImportForm(request.POST or None, request.FILES or None), {}
    if request.method == "POST" and form.is_valid():
        context = _taken(request, form)
    context |= {"form": form, "imports": Import.objects.select_related("by").order_by("-pk")[:50]}
    return render(request, "constituency/imports.html", context)


def _taken(request: HttpRequest, form: ImportForm) -> dict[str, Any]:
    wanted = form.cleaned_data
    data, complete = wanted["file"].read(importing.LARGEST + 1), wanted["complete"]
    try:
        if wanted["dry"]:
            would = importing.plan(importing.read(data, mapping=wanted["mapping"]), complete=complete)
            return {"would": would.counts, "refusals": would.listing.refusals[: importing.SHOWN]}
        done = importing.take_in(
            data, wanted["file"].name, by=person_of(request), mapping=wanted["mapping"], complete=complete
        )
    except UsageFault as fault:
        form.add_error("file", str(fault))
        return {}
    return {"done": done.counts, "refusals": done.refusals}


@staff
def contact_gap(request: HttpRequest) -> HttpResponse:
    """Which sectors cannot be reached, before the crisis."""
    rows = selectors.contact_gap(request.user)
    return render(request, "constituency/contact_gap.html", {"rows": rows, "sectors": sectors()})


@staff
def claim_conflicts(request: HttpRequest) -> HttpResponse:
    """Claims that overlap with somebody else's."""
    pairs = selectors.claim_conflicts(SHOWN)
    owners = Organisation.objects.in_bulk({row.owner for pair in pairs for row in (pair.wide, pair.narrow)})
    rows = [(pair, owners.get(pair.wide.owner), owners.get(pair.narrow.owner)) for pair in pairs]
    record_reading(request, len(rows))
    return render(request, "constituency/claim_conflicts.html", {"rows": rows})
