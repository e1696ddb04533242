"""Cases as pages: the list, one case, what is done to one or many, closing, the queue, clusters."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, staff, writers
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.cases import bulk, selectors, services
from tocsin.hub.cases.forms import ACTS, ACTS_ON_ONE, ActForm, NewCaseForm
from tocsin.hub.cases.lists import CASES, CLUSTERS, OWN, PIGGYBACK
from tocsin.hub.cases.models import Case
from tocsin.hub.cases.page import case_page
from tocsin.hub.listing.lists import Bulk
from tocsin.hub.listing.views import show
from tocsin.hub.rules.cases import CaseState
from tocsin.hub.rules.piggyback import ORDER
from tocsin.hub.rules.words import Role

SHOWN = 20


@login_required
def cases(request: HttpRequest) -> HttpResponseBase:
    """All cases that this person may see."""
    user = person_of(request)
    rows = selectors.visible_to(user).exclude(state=CaseState.MERGED)
    acts = tuple((word, form.words) for word, form in ACTS.items())
    many = Bulk(address=reverse("cases-act"), actions=acts) if user.writes else None
    listing = OWN if user.role == Role.MEMBER else CASES
    return show(request, listing, rows=rows, template="cases/cases.html", bulk=many)


@staff
def piggyback(request: HttpRequest) -> HttpResponseBase:
    """Open web shells that others may use next, the gravest first."""
    rows = selectors.visible_to(person_of(request)).filter(risk__gt=0)
    context = {"order_in_words": ORDER}
    return show(request, PIGGYBACK, rows=rows, template="cases/piggyback.html", context=context)


@staff
def clusters(request: HttpRequest) -> HttpResponseBase:
    """Web shells that look alike, across organisations."""
    rows = selectors.clusters_visible_to(person_of(request))
    return show(request, CLUSTERS, rows=rows, template="cases/clusters.html")


def _visible(request: HttpRequest, key: int) -> Case:
    return get_object_or_404(selectors.visible_to(person_of(request)), pk=key)


@login_required
def case(request: HttpRequest, key: int) -> HttpResponse:
    """One case; ``?evidence=`` chooses the hand-in that the conditions of closing are worked out for."""
    found, text = _visible(request, key), request.GET.get("evidence", "")
    record_reading(request, 1)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - 63 bits
    return render(request, "cases/case.html", case_page(person_of(request), found, number))


@login_required
@require_POST
def act(request: HttpRequest, key: int) -> HttpResponse:
    """Do something to one case."""
    found, user = _visible(request, key), person_of(request)
    word = request.POST.get("action", "")
    form_of = _form(word, ACTS_ON_ONE)
    if not (user.writes or (user.role == Role.MEMBER and form_of.members)):
        raise PermissionDenied
    form = form_of(request.POST, auto_id=f"{word}_%s")
    if form.is_valid() and _done(request, form, [found.pk]):
        return redirect("case", key)
    whole = case_page(user, found)
    whole["forms"] = {**whole["forms"], word: form}
    return render(request, "cases/case.html", {**whole, "opened": word}, status=422)


@writers
@require_POST
def close(request: HttpRequest, key: int) -> HttpResponse:
    """Close a case by a hand-in; what is missing is said, and the case stays as it is."""
    found, text = _visible(request, key), request.POST.get("evidence", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - 63 bits
    try:
        reason = request.POST.get("reason", "")[: services.LONGEST_REASON]
        services.verify(found.pk, number, by=person_of(request), reason=reason)
    except UsageFault as fault:
        whole = case_page(person_of(request), found, number)
        return render(request, "cases/case.html", {**whole, "refused": str(fault)}, status=422)
    messages.success(request, "Closed as verified removed, with your name.")
    return redirect("case", key)


@writers
def new(request: HttpRequest) -> HttpResponse:
    """Open a case by hand."""
    form = NewCaseForm(request.POST or None, initial={"server": request.GET.get("server", "")[:19]})
    if request.method == "POST" and form.is_valid():
        return redirect("case", services.found([form.sighting()], by=person_of(request))[0])
    explanation = "If the server has a case of the same web shell, that case is told that it was seen."
    context = {"form": form, "title": "New case", "explanation": explanation, "back": reverse("cases")}
    return render(request, "form.html", context)


@writers
@require_POST
def act_on_many(request: HttpRequest) -> HttpResponse:
    """How many cases are meant, what is to be done; done when that is confirmed."""
    chosen, word = bulk.chosen(person_of(request), request.POST), request.POST.get("action", "")
    form_of = _form(word)
    confirmed = request.POST.get("confirmed") == str(len(chosen.cases))
    form = form_of(request.POST if "confirmed" in request.POST else None)
    sound = bool(chosen.cases) and not chosen.too_many and confirmed and form.is_valid()
    if sound and _done(request, form, list(chosen.cases)):
        return redirect(reverse("cases") + _query(request))
    return render(request, "cases/many.html", _confirmation(request, chosen, word, form))


def _query(request: HttpRequest) -> str:
    query = request.POST.get("query", "")
    return query if query.startswith("?") else ""


def _confirmation(request: HttpRequest, chosen: bulk.Chosen, word: str, form: ActForm) -> dict[str, object]:
    return {
        "chosen": chosen,
        "form": form,
        "word": word,
        "most": bulk.MOST,
        "first": Case.objects.filter(pk__in=chosen.cases[:SHOWN]).order_by("id"),
        "which": request.POST.get("which", ""),
        "query": request.POST.get("query", ""),
        "rows": request.POST.getlist("chosen"),
        "changed": "confirmed" in request.POST and request.POST["confirmed"] != str(len(chosen.cases)),
    }


def _form(word: str, acts: Mapping[str, type[ActForm]] = ACTS) -> type[ActForm]:
    if word not in acts:
        raise BadRequest("This is not done to cases.")
    return acts[word]


def _done(request: HttpRequest, form: ActForm, numbers: list[int]) -> bool:
    """Do it; what the service objects to stands in the form."""
    try:
        form.do(person_of(request), numbers)
    except UsageFault as fault:
        form.add_error(None, str(fault))
        return False
    messages.success(request, f"{form.words}: {len(numbers):,} case{'s' if len(numbers) > 1 else ''}.")
    return True
