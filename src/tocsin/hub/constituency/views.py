"""Organisations as pages: list, detail, forms, imports, the contact-gap map, conflicting claims."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.forms import Form, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, staff, writers
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.constituency import bulk, importing, selectors, services
from tocsin.hub.constituency.forms import ClaimForm, ContactForm, ImportForm, OrganisationForm
from tocsin.hub.constituency.lists import ORGANISATIONS
from tocsin.hub.constituency.models import Claim, Contact, Import, Organisation
from tocsin.hub.listing.lists import Bulk
from tocsin.hub.listing.views import show
from tocsin.hub.rules.sectors import sectors

SHOWN = 200


@login_required
def organisations(request: HttpRequest) -> HttpResponseBase:
    """All that this person may see, by name or sector."""
    user = person_of(request)
    rows = selectors.visible_to(user).select_related("parent")
    buttons = tuple((one.key, one.label) for one in bulk.actions().values()) if user.writes else ()
    many = Bulk(address=reverse("change-organisations"), actions=buttons) if buttons else None
    return show(request, ORGANISATIONS, rows=rows, template="constituency/organisations.html", bulk=many)


@writers
@require_POST
def change_organisations(request: HttpRequest) -> HttpResponse:
    """How many organisations are meant and what is to change; done when that is confirmed."""
    found = bulk.chosen(person_of(request), request.POST)
    known = bulk.actions().get(request.POST.get("action", ""))
    action, asked = known or bulk.CHANGE, "confirmed" in request.POST
    confirmed = request.POST.get("confirmed") == str(len(found.organisations))
    form = action.form(request.POST if asked else None)
    sound = bool(found.organisations) and not found.too_many and confirmed
    if known and sound and _changed(request, found, action, form):
        return redirect("organisations")
    first = Organisation.objects.filter(pk__in=found.organisations[:20]).order_by("folded")
    context = {"chosen": found, "form": form, "first": first, "most": bulk.MOST, "asked": request.POST}
    rows = {"rows": request.POST.getlist("chosen"), "changed": asked and not confirmed, "action": action}
    return render(request, "constituency/change.html", context | rows)


def _changed(request: HttpRequest, found: bulk.Chosen, action: bulk.Action, form: Form) -> bool:
    """Do it; what the service objects to stands in the form."""
    if not form.is_valid():
        return False
    try:
        said = action.do(person_of(request), found.organisations, form)
    except UsageFault as fault:
        form.add_error(None, str(fault))
        return False
    messages.success(request, said)
    return True


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
