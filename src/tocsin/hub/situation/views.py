"""The national picture, as pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, staff
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.lists.keyset import page
from tocsin.hub.rules.words import Role
from tocsin.hub.situation import publishing, reporting, selectors, shown
from tocsin.hub.situation.figures import Situation

ORDER = ("-last_seen", "-id")


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """How it stands today: the nation for staff, their own servers for members."""
    campaign = selectors.campaign_named(request.GET.get("campaign", ""))
    if campaign is None:
        return render(request, "situation/dashboard.html", {"found": None})
    if person_of(request).role == Role.MEMBER:
        own = selectors.own_totals(person_of(request), campaign)
        return render(request, "situation/own.html", {"campaign": campaign, "totals": own})
    return render(request, "situation/dashboard.html", _picture(campaign))


@staff
def parts(request: HttpRequest, dimension: str) -> HttpResponse:
    """How it stands by sector, region or version."""
    campaign = _campaign(request)
    found = selectors.current(campaign)
    if dimension not in shown.DIMENSIONS:
        raise Http404
    what: dict[str, Any] = {"campaign": campaign, "found": found, "dimensions": shown.DIMENSIONS}
    if found:
        what |= {"chart": shown.parts_chart(found, dimension), "grid": shown.parts_grid(found, dimension)}
    return render(request, "situation/parts.html", {**what, "dimension": dimension})


@login_required
def queue(request: HttpRequest, name: str) -> HttpResponse:
    """The servers of one queue; of those that sources contradict each other about, what each says."""
    if name not in selectors.QUEUES:
        raise Http404
    rows = selectors.queue(selectors.standings_of(person_of(request), _campaign(request)), name)
    found = page(rows, order=ORDER, cursor=request.GET.get("cursor", ""))
    sides = selectors.sides(found.rows) if name == "contradictory" else {}
    record_reading(request, len(found.rows))
    listed = [(standing, sides.get(standing.server_id, [])) for standing in found.rows]
    words = {"title": selectors.QUEUES[name], "name": name, "page": found, "listed": listed}
    return render(request, "situation/queue.html", words)


@staff
def report(request: HttpRequest) -> HttpResponse:
    """The situation report, to be printed; as of a past moment with ``?as_of=``."""
    campaign = _campaign(request)
    found = _as_of(request, campaign)
    return render(request, "situation/report.html", {"campaign": campaign, **reporting.body(found)})


@staff
def report_file(request: HttpRequest, form: str) -> HttpResponse:
    """The report as ``csv``, ``json``, ``html`` or ``pdf``."""
    if form not in reporting.FORMS:
        raise Http404
    found = _found(request)
    name = f"situation-{found.campaign}-{found.day}.{form}"
    return _file(reporting.written(found, form), reporting.FORMS[form], name)


@staff
def published_file(request: HttpRequest, form: str) -> HttpResponse:
    """The figures that may be published, as ``csv``, ``json`` or ``html``."""
    if form not in publishing.FORMS:
        raise Http404
    found = publishing.published(_found(request))
    name = f"published-{found.campaign}-{found.day}.{form}"
    return _file(publishing.written(found, form), publishing.FORMS[form], name)


def _found(request: HttpRequest) -> Situation:
    found = _as_of(request, _campaign(request))
    if found is None:
        raise Http404
    return found


def _as_of(request: HttpRequest, campaign: Campaign) -> Situation | None:
    try:
        return reporting.found_as_of(campaign, _moment(request))
    except UsageFault as fault:
        raise Http404(str(fault)) from fault


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _picture(campaign: Campaign) -> dict[str, Any]:
    found = selectors.current(campaign)
    if found is None:
        return {"campaign": campaign, "found": None}
    return {"campaign": campaign, "dimensions": shown.DIMENSIONS, **reporting.body(found)}


def _campaign(request: HttpRequest) -> Campaign:
    found = selectors.campaign_named(request.GET.get("campaign", ""))
    if found is None:
        raise Http404
    return found


def _moment(request: HttpRequest) -> datetime | None:
    text = request.GET.get("as_of", "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
