"""What the world sees of incidents: the form, and each reporter's own page. Nothing about anybody else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from tocsin.errors import TocsinError
from tocsin.hub.incidents import selectors, services
from tocsin.hub.incidents.forms import FollowUpForm, OpenForm, ReportForm
from tocsin.hub.incidents.gates import admitted, may_follow_up, may_try, too_large
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.rules.incident import SAID, State
from tocsin.hub.rules.work_proof import bits_of

OPENED = "incident"
"""Where a session says which report it was opened for."""

STAYS = 60 * 60
NOT_FINISHED = {State.MERGED, State.REFUSED}


@csrf_exempt  # `_report` checks it, once the size is known: the check reads the whole upload
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """Report an incident: one page, no account."""
    return render(request, "413.html", status=413) if too_large(request) else _report(request)


@csrf_protect
def _report(request: HttpRequest) -> HttpResponse:
    form = ReportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (answer := _taken(request, form)):
        return answer
    challenge = services.new_challenge()
    context = {"form": form, "challenge": challenge, "bits": bits_of(challenge)}
    return render(request, "incidents/report.html", context, status=400 if form.errors else 200)


def _taken(request: HttpRequest, form: ReportForm) -> HttpResponse | None:
    proof = admitted(request, form.cleaned_data["proof"], trapped=form.trapped)
    if proof is None:
        return render(request, "incidents/too_often.html", status=429)
    try:
        taken = services.take(form.told(), proof=proof, files=form.cleaned_data["attached"])
    except TocsinError as fault:
        form.add_error(None, str(fault))
        return None
    context = {"report": taken.report, "secret": taken.secret, "clocks": selectors.clocks_of(taken.report)}
    return render(request, "incidents/taken.html", context, status=201)


@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """The reporter's own page: opened by reference and secret, for an hour."""
    if (found := _opened(request)) is not None:
        return _own_page(request, found, FollowUpForm())
    form = OpenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not may_try(request, form.cleaned_data["reference"]):
            return render(request, "incidents/too_often.html", status=429)
        if _open(request, form):
            return redirect("report-status")
        form.add_error(None, "Reference and secret do not belong together.")
    return render(request, "incidents/open.html", {"form": form}, status=400 if form.errors else 200)


def _open(request: HttpRequest, form: OpenForm) -> bool:
    found = selectors.opened_by(form.cleaned_data["reference"], form.cleaned_data["secret"])
    if found is None:
        return False
    request.session.cycle_key()
    request.session[OPENED] = found.pk
    if not request.user.is_authenticated:
        request.session.set_expiry(STAYS)
    return True


def _opened(request: HttpRequest) -> IncidentReport | None:
    number = request.session.get(OPENED)
    return IncidentReport.objects.filter(pk=number).first() if number else None


def _own_page(
    request: HttpRequest, found: IncidentReport, form: FollowUpForm, status: int = 200
) -> HttpResponse:
    context = {
        "report": found,
        "says": SAID[State(found.state)],
        "clocks": selectors.clocks_of(found),
        "entries": selectors.shown_to_reporter(found),
        "uploads": found.uploads.order_by("pk"),
        "form": form if State(found.state) not in NOT_FINISHED else None,
    }
    return render(request, "incidents/own.html", context, status=status)


@csrf_exempt  # as above
@never_cache
def follow_up(request: HttpRequest) -> HttpResponse:
    """The reporter says more."""
    return render(request, "413.html", status=413) if too_large(request) else _follow_up(request)


@csrf_protect
@require_POST
def _follow_up(request: HttpRequest) -> HttpResponse:
    found = _opened(request)
    if found is None:
        return redirect("report-status")
    if not may_follow_up(found):
        return render(request, "incidents/too_often.html", status=429)
    form = FollowUpForm(request.POST, request.FILES)
    if form.is_valid() and _added(found, form):
        return redirect("report-status")
    return _own_page(request, found, form, status=400)


def _added(found: IncidentReport, form: FollowUpForm) -> bool:
    given = form.cleaned_data
    try:
        services.follow_up(found, stage=given["stage"], text=given["text"], files=given["attached"])
    except TocsinError as fault:
        form.add_error(None, str(fault))
        return False
    return True


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the page for whoever uses this computer next."""
    request.session.pop(OPENED, None)
    return redirect("report-status")
