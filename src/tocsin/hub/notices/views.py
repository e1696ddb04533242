"""Notices as pages: batches from plan to results, one notice, gaps, and the public page."""

from __future__ import annotations

from typing import Any

import msgspec
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import administrators, person_of, staff, writers
from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.people import keep_texts
from tocsin.hub.accounts.selectors import operator_texts
from tocsin.hub.accounts.services import place_of, record_reading
from tocsin.hub.listing.views import show
from tocsin.hub.lists.keyset import page
from tocsin.hub.notices import approving, handing_over, planning, results, selectors
from tocsin.hub.notices.forms import BatchForm, ContactPageForm, ReferenceForm
from tocsin.hub.notices.lists import BATCHES, GAPS, NOTICES
from tocsin.hub.notices.models import Batch
from tocsin.hub.notices.operator import PARTS
from tocsin.hub.notices.shown import shown
from tocsin.hub.rules import trial
from tocsin.hub.rules.notices import BatchState, Kind, people_needed
from tocsin.hub.rules.words import Role

TRIES = 20
MOST_PER_HOUR = 1_000_000


@login_required
def notices(request: HttpRequest) -> HttpResponseBase:
    """All notices that this person may see."""
    rows = selectors.visible_to(person_of(request))
    return show(request, NOTICES, rows=rows, template="notices/notices.html")


@login_required
def notice(request: HttpRequest, key: int) -> HttpResponse:
    """One notice: its servers, every message of it, and what became of it."""
    person = person_of(request)
    found = get_object_or_404(selectors.visible_to(person), pk=key)
    record_reading(request, 1)
    deliveries = selectors.deliveries_visible_to(person).filter(notice=found).order_by("id")
    context = {
        "notice": found,
        "servers": found.servers.order_by("id")[:500],
        "deliveries": [shown(row) for row in deliveries],
        "staff": person.role != Role.MEMBER,
    }
    return render(request, "notices/notice.html", context)


@staff
def notice_xarf(request: HttpRequest, key: int) -> HttpResponse:
    """The notice for programs, to be handed over by a safe way: one X-ARF report for each server."""
    found = get_object_or_404(selectors.visible_to(person_of(request)), pk=key)
    record_reading(request, 1)
    body = msgspec.json.format(msgspec.json.encode(handing_over.reports(found)), indent=1)
    answer = HttpResponse(body, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="xarf-{found.reference}.json"'
    return answer


@staff
def batches(request: HttpRequest) -> HttpResponseBase:
    """All batches."""
    rows = selectors.batches_visible_to(person_of(request))
    return show(request, BATCHES, rows=rows, template="notices/batches.html")


@staff
def gaps(request: HttpRequest) -> HttpResponseBase:
    """Whom batches could not tell."""
    rows = selectors.gaps_visible_to(person_of(request))
    return show(request, GAPS, rows=rows, template="notices/gaps.html")


@writers
def new_batch(request: HttpRequest) -> HttpResponse:
    """What is to be told: looked at first, and made when that is confirmed. Nothing leaves by it."""
    form = BatchForm(request.POST or None, initial=request.GET.dict())
    counts: dict[str, int] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if "confirmed" in request.POST:
                return redirect("batch", _made(request, form).pk)
            given = form.cleaned_data
            counts = planning.preview(given["campaign"], Kind(given["kind"]), given["query"])
        except (UsageFault, BadRequest) as fault:
            form.add_error(None, str(fault))
    return render(request, "notices/new_batch.html", {"form": form, "counts": counts})


def _made(request: HttpRequest, form: BatchForm) -> Batch:
    given = dict(form.cleaned_data)
    campaign, kind = given.pop("campaign"), Kind(given.pop("kind"))
    return planning.create(by=person_of(request), campaign=campaign, kind=kind, **given)


def _batch(request: HttpRequest, key: int) -> Batch:
    return get_object_or_404(selectors.batches_visible_to(person_of(request)), pk=key)


@staff
def batch(request: HttpRequest, key: int) -> HttpResponse:
    """One batch: what it comes to, who approved it, how far it is."""
    found = _batch(request, key)
    needed = people_needed(int(found.counts.get("notices", 0)))
    context = {
        "batch": found,
        "progress": selectors.progress(found) if found.state != BatchState.PLANNING else [],
        "needed": needed,
        "second": found.approved_by is not None,
        "may_lot": found.state == BatchState.PLANNED and not found.trial and found.approved_by is None,
        "least": trial.LEAST,
        "most_hours": int(trial.MOST.total_seconds() // 3600),
    }
    return render(request, "notices/batch.html", context)


@staff
def batch_messages(request: HttpRequest, key: int) -> HttpResponse:
    """Every message of a batch exactly as it would be sent, with the reason of each choice."""
    found = _batch(request, key)
    rows = selectors.deliveries_visible_to(person_of(request)).filter(notice__batch=found)
    some = page(rows, order=("id",), cursor=request.GET.get("cursor", ""), size=20)
    record_reading(request, len(some.rows))
    listed = [shown(row) for row in some.rows]
    return render(request, "notices/messages.html", {"batch": found, "page": some, "listed": listed})


@staff
def batch_results(request: HttpRequest, key: int) -> HttpResponse:
    """How soon owners fixed, by arm, channel and sector; and what being told early caused."""
    found = _batch(request, key)
    return render(
        request, "notices/results.html", {"batch": found, **results.found(found, request.GET.get("by", ""))}
    )


@writers
@require_POST
def act_on_batch(request: HttpRequest, key: int) -> HttpResponse:
    """Approve, plan again, ask for a random order, or cancel."""
    found = _batch(request, key)
    what = request.POST.get("act", "")
    try:
        messages.success(request, _done(request, found, what))
    except UsageFault as fault:
        messages.error(request, str(fault))
    return redirect("batch", key)


def _done(request: HttpRequest, found: Batch, what: str) -> str:
    person = person_of(request)
    if what == "approve":
        after = approving.approve(found, by=person, digest=request.POST.get("digest", ""))
        return (
            "Approved: messages leave from now on."
            if after.released
            else "Approved; a second person is needed."
        )
    if what == "again":
        planning.plan_again(found)
        return "It is planned again."
    if what == "lot":
        approving.ask_trial(found, by=person, per_hour=_number(request.POST.get("per_hour", "")))
        return "The order will be drawn by lot once the batch is approved."
    if what == "cancel":
        stopped = approving.cancel(found, by=person, reason=request.POST.get("reason", "")[:5_000])
        return f"Cancelled; {stopped:,} messages do not leave."
    raise UsageFault("nothing of this kind is done with a batch")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST_PER_HOUR):
        raise UsageFault("how many messages an hour can be sent is a number")
    return int(text)


@never_cache
def contact(request: HttpRequest) -> HttpResponse:
    """How to reach the operator of this hub, and whether a reference is ours. Open to everybody."""
    form, said = ReferenceForm(request.POST or None), None
    if request.method == "POST":
        if not within(f"reference {place_of(request)}", TRIES, seconds=60):
            return render(request, "429.html", status=429)
        if form.is_valid():
            said = selectors.is_ours(form.cleaned_data["reference"])
    texts = operator_texts()
    parts = [(label, texts.get(key, "")) for key, label in PARTS]
    context = {"parts": parts, "empty": not any(text for _, text in parts), "form": form, "said": said}
    return render(request, "notices/contact.html", context)


@administrators
def edit_contact_page(request: HttpRequest) -> HttpResponse:
    """Fill the public page in."""
    texts: dict[str, Any] = dict(operator_texts())
    form = ContactPageForm(request.POST or None, initial=texts)
    if request.method == "POST" and form.is_valid():
        keep_texts(form.keep(), person_of(request))
        return redirect("contact")
    context = {"form": form, "title": "How to reach us", "back": reverse("contact")}
    return render(request, "form.html", context)
