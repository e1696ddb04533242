"""Slices as pages: which there are, one with its rows, answers, terms, scope and times."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, writers
from tocsin.hub.listing.lists import Bulk, read
from tocsin.hub.listing.views import show
from tocsin.hub.relay import selectors, services
from tocsin.hub.relay.forms import NAMED, AnswerForm, CarrierForm, ScopeForm, SecrecyForm
from tocsin.hub.relay.lists import SLICE
from tocsin.hub.relay.models import Carrier, ScopePart, Secrecy

SHOWN = 500
ACTIONS = tuple((word.value, words.capitalize()) for word, words in NAMED.items())


@login_required
def carriers(request: HttpRequest) -> HttpResponse:
    """Every slice that this person sees, with what is unanswered."""
    return render(request, "relay/carriers.html", {"rows": selectors.overview(request.user)})


def _carrier(request: HttpRequest, number: int) -> Carrier:
    return get_object_or_404(selectors.carriers_visible_to(request.user), pk=number)


@login_required
def carrier(request: HttpRequest, number: int) -> HttpResponseBase:
    """One slice: its rows, to filter, take away and answer."""
    found, user = _carrier(request, number), person_of(request)
    rows = selectors.entries_visible_to(user).filter(carrier=found)
    many = Bulk(address=reverse("answer-rows", args=[number]), actions=ACTIONS)
    bulk = many if services.may_answer(user) else None
    context = {"carrier": found}
    return show(request, SLICE, rows=rows, template="relay/slice.html", context=context, bulk=bulk)


@login_required
def times(request: HttpRequest, number: int) -> HttpResponse:
    """How long this carrier takes, from being told to each answer."""
    found = _carrier(request, number)
    told = selectors.times_of(found)
    rows = (
        ("Any answer", told.answer),
        ("Taken on", told.taken_on),
        ("Passed on to the customer", told.passed_on),
        ("Said to be fixed", told.said_fixed),
        ("Closed by the census", told.shown_fixed),
    )
    return render(request, "relay/times.html", {"carrier": found, "rows": rows})


@login_required
@require_POST
def answer_rows(request: HttpRequest, number: int) -> HttpResponse:
    """Which rows are meant, what is said of them; kept when that is confirmed."""
    found = _carrier(request, number)
    rows = _meant(request, found)
    confirmed = request.POST.get("confirmed") == str(len(rows))
    given = request.POST if "confirmed" in request.POST else None
    form = AnswerForm(given, initial={"state": request.POST.get("action")})
    if rows and confirmed and form.is_valid() and _answered(request, form, rows):
        return redirect("slice", number)
    context = {"carrier": found, "form": form, "rows": rows, "posted": request.POST}
    context["chosen"] = request.POST.getlist("chosen")[: services.MOST_AT_ONCE]
    return render(request, "relay/answer.html", context)


def _meant(request: HttpRequest, carrier: Carrier) -> list[int]:
    rows = selectors.entries_visible_to(person_of(request)).filter(carrier=carrier)
    if request.POST.get("which") == "all":
        asked = read(SLICE, QueryDict(request.POST.get("query", "").lstrip("?")))
        if asked.faults:
            raise BadRequest(" ".join(asked.faults))
        rows = asked.met_by(rows)
    else:
        rows = rows.filter(pk__in=_numbers(request.POST.getlist("chosen")))
    found = list(rows.order_by("pk").values_list("pk", flat=True)[: services.MOST_AT_ONCE + 1])
    if len(found) > services.MOST_AT_ONCE:
        raise BadRequest(f"More than {services.MOST_AT_ONCE:,} rows are meant. Narrow the filter.")
    return found


def _numbers(texts: list[str]) -> list[int]:
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):  # noqa: PLR2004 - 63 bits
        raise BadRequest("The chosen rows cannot be read.")
    return [int(text) for text in texts[: services.MOST_AT_ONCE]]


def _answered(request: HttpRequest, form: AnswerForm, rows: list[int]) -> bool:
    try:
        count = services.answer(by=person_of(request), entries=rows, said=form.answer())
    except UsageFault as fault:
        form.add_error(None, str(fault))
        return False
    messages.success(request, f"Answered for {count:,} row{'s' if count > 1 else ''}.")
    return True


@writers
def new_carrier(request: HttpRequest) -> HttpResponse:
    """A new carrier."""
    return _edited(request, Carrier(), "New carrier")


@writers
def edit_carrier(request: HttpRequest, number: int) -> HttpResponse:
    """Change a carrier, or what was agreed with it."""
    found = get_object_or_404(Carrier, pk=number)
    return _edited(request, found, f"Terms of {found}")


def _edited(request: HttpRequest, row: Carrier, title: str) -> HttpResponse:
    form = CarrierForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_carrier(form.save(commit=False), by=person_of(request))
        except UsageFault as fault:
            form.add_error(None, str(fault))
        else:
            return redirect("slice", saved.pk)
    return render(request, "form.html", {"form": form, "title": title, "back": reverse("carriers")})


@writers
def scope(request: HttpRequest, number: int) -> HttpResponse:
    """What lies in a carrier's scope."""
    found = get_object_or_404(Carrier, pk=number)
    form = ScopeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _widened(request, found, form):
        return redirect("carrier-scope", number)
    parts = found.parts.order_by("kind", "value")[:SHOWN]
    context = {"carrier": found, "form": form, "parts": parts, "count": found.parts.count(), "shown": SHOWN}
    return render(request, "relay/scope.html", context)


def _widened(request: HttpRequest, carrier: Carrier, form: ScopeForm) -> bool:
    try:
        new = services.add_parts(carrier, form.cleaned_data["kind"], form.listed(), by=person_of(request))
    except UsageFault as fault:
        form.add_error("values", str(fault))
        return False
    messages.success(request, f"{new:,} new.")
    return True


@writers
@require_POST
def remove_part(request: HttpRequest, number: int) -> HttpResponse:
    """Take one part out of a scope."""
    part = get_object_or_404(ScopePart, pk=number)
    services.remove_part(part, by=person_of(request))
    return redirect("carrier-scope", part.carrier_id)


@writers
def secrecy(request: HttpRequest) -> HttpResponse:
    """Whose servers are told to no carrier."""
    form = SecrecyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.keep_secret(given["organisation"], given["reason"], by=person_of(request))
        except UsageFault as fault:
            form.add_error("reason", str(fault))
        else:
            return redirect("secrecy")
    rows = Secrecy.objects.select_related("organisation", "by").order_by("-at")[:SHOWN]
    return render(request, "relay/secrecy.html", {"form": form, "rows": rows})


@writers
@require_POST
def end_secrecy(request: HttpRequest, number: int) -> HttpResponse:
    """Let carriers be told of an organisation's servers again."""
    services.end_secrecy(get_object_or_404(Secrecy, pk=number), by=person_of(request))
    return redirect("secrecy")
