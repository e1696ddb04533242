"""Incident reports for those who work on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.errors import TocsinError, UsageFault
from tocsin.hub.accounts.doors import person_of, staff, writers
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record, record_reading
from tocsin.hub.incidents import handling, selectors, sharing
from tocsin.hub.incidents.forms import LinkForm, MergeForm, SayForm, StateForm
from tocsin.hub.incidents.lists import INCIDENTS
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.listing.views import show
from tocsin.hub.lists.quarantine import attachment


@login_required
def incidents(request: HttpRequest) -> HttpResponseBase:
    """Every report that this person may see."""
    user = person_of(request)
    rows = selectors.exported_to(user) if "export" in request.GET else selectors.visible_to(user)
    return show(request, INCIDENTS, rows=rows, template="incidents/incidents.html")


def _visible(request: HttpRequest, key: int) -> IncidentReport:
    return get_object_or_404(selectors.visible_to(person_of(request)), pk=key)


@login_required
def incident(request: HttpRequest, key: int) -> HttpResponse:
    """One report: what was said, its clocks, its files, and what can be done."""
    found, user = _visible(request, key), person_of(request)
    record_reading(request, 1)
    context: dict[str, Any] = {
        "report": found,
        "clocks": selectors.clocks_of(found),
        "entries": selectors.entries_visible_to(user, found),
        "uploads": selectors.uploads_visible_to(user).filter(report=found).order_by("pk"),
        "servers": selectors.servers_of(user, found),
        "cases": selectors.cases_of(user, found),
        "merged": selectors.visible_to(user).filter(merged_into=found),
    }
    return render(request, "incidents/incident.html", context | (_tools(found) if user.writes else {}))


def _tools(found: IncidentReport) -> dict[str, Any]:
    return {
        "link_form": LinkForm.of(found),
        "say_form": SayForm(),
        "state_form": StateForm(state=found.state),
        "merge_form": MergeForm(),
        "forms": sharing.NAMES,
    }


def _done(
    request: HttpRequest, key: int, act: Callable[[IncidentReport, User], object], said: str
) -> HttpResponse:
    """Do something with a report; say that it was done, or why not."""
    found = _visible(request, key)
    try:
        act(found, person_of(request))
    except TocsinError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, said)
    return redirect("incident", key)


@writers
@require_POST
def set_state(request: HttpRequest, key: int) -> HttpResponse:
    """Take it to its next state."""
    state, reason = request.POST.get("state", ""), request.POST.get("reason", "")[:2_000]
    return _done(
        request, key, lambda row, by: handling.change_state(row, state, by=by, reason=reason), "Done."
    )


@writers
@require_POST
def link(request: HttpRequest, key: int) -> HttpResponse:
    """Say whose it is, of which campaign, which servers, who works on it."""
    form = LinkForm(request.POST)

    def act(row: IncidentReport, by: User) -> None:
        if not form.is_valid():
            raise UsageFault("; ".join(str(each) for errors in form.errors.values() for each in errors))
        given = dict(form.cleaned_data)
        to = User.objects.filter(pk=int(given.pop("assignee") or 0)).first()
        handling.link(row, by=by, **given)
        handling.assign(row, to, by=by)

    return _done(request, key, act, "Saved.")


@writers
@require_POST
def say(request: HttpRequest, key: int) -> HttpResponse:
    """Ask the reporter, or note something among staff."""
    form = SayForm(request.POST)

    def act(row: IncidentReport, by: User) -> None:
        if not form.is_valid():
            raise UsageFault("say something, and who reads it")
        given = form.cleaned_data
        handling.say(row, given["text"], by=by, shown=given["shown"] == "yes", mail=given["mail"])

    return _done(request, key, act, "It stands there now.")


@writers
@require_POST
def merge(request: HttpRequest, key: int) -> HttpResponse:
    """Put two reports of one incident together."""

    def act(row: IncidentReport, by: User) -> None:
        wanted = request.POST.get("into", "").strip().upper()[:20]
        into = selectors.visible_to(by).filter(reference=wanted).first()
        if into is None:
            raise UsageFault(f"there is no report {wanted!r}")
        handling.merge(row, into, by=by)

    return _done(request, key, act, "Merged.")


@writers
@require_POST
def open_case(request: HttpRequest, key: int) -> HttpResponse:
    """Open a case of compromise."""
    return _done(request, key, lambda row, by: handling.open_case(row, by=by), "A case stands for it now.")


@writers
@require_POST
@never_cache
def export(request: HttpRequest, key: int) -> HttpResponse:
    """The report as a file for others, as far as its mark allows."""
    found, form = _visible(request, key), request.POST.get("form", "")
    try:
        data = sharing.export(found, form, victim=request.POST.get("victim") == "yes", by=person_of(request))
    except UsageFault as fault:
        messages.error(request, str(fault))
        return redirect("incident", key)
    answer = HttpResponse(data, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{found.reference.lower()}.{form}.json"'
    return answer


@staff
@never_cache
def file(request: HttpRequest, key: int) -> HttpResponseBase:
    """A file that a reporter sent, as a download that nothing opens by itself."""
    found = get_object_or_404(selectors.uploads_visible_to(request.user), pk=key)
    try:
        answer = attachment(found.digest, found.name)
    except UsageFault as fault:
        messages.error(request, str(fault))
        return redirect("incident", found.report_id)
    record("incident file taken", f"incident:{found.report_id}", by=person_of(request), file=found.digest)
    return answer
