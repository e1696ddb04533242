"""Advisories as pages: what everybody may read, and where staff write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from msgspec import structs

from tocsin.errors import TocsinError
from tocsin.hub.accounts.doors import administrators, person_of, writers
from tocsin.hub.advisories import selectors, services, signing
from tocsin.hub.advisories.forms import AdvisoryForm, BeginForm, PublisherForm, PublishForm, WithdrawForm
from tocsin.hub.advisories.lists import ADVISORIES
from tocsin.hub.advisories.models import Advisory, Version
from tocsin.hub.listing.views import show
from tocsin.hub.lists.keyset import page
from tocsin.hub.rules.advisory import Content, State, differences, faults
from tocsin.hub.rules.tlp import LABELS, Tlp

READ_ONLY_STATES = {State.WITHDRAWN}


def advisories(request: HttpRequest) -> HttpResponseBase:
    """Staff: all of them, as a list. Everybody else: what is published and reaches them."""
    rows = selectors.visible_to(request.user)
    if selectors.works(request.user):
        rows = selectors.exported_to(request.user) if "export" in request.GET else rows
        return show(request, ADVISORIES, rows=rows, template="advisories/advisories.html")
    found = page(rows, order=("-published", "-id"), cursor=request.GET.get("cursor", ""))
    return render(request, "advisories/public.html", {"page": found})


def advisory(request: HttpRequest, slug: str) -> HttpResponse:
    """One advisory: the newest version that reaches the visitor, or the one asked for; drafts for staff."""
    found = get_object_or_404(selectors.visible_to(request.user), slug=slug)
    versions = list(selectors.versions_visible_to(request.user, found))
    shown = _asked(versions, request.GET.get("version", ""))
    if shown is None and not selectors.works(request.user):
        raise Http404
    content = shown.content if shown else found.content
    context = _shown(content) | {"advisory": found, "version": shown, "versions": versions}
    if selectors.works(request.user):
        context |= _tools(found, request)
    return render(request, "advisories/advisory.html", context)


def _asked(versions: list[Version], number: str) -> Version | None:
    if not number:
        return versions[0] if versions else None
    found = next((each for each in versions if str(each.number) == number), None)
    if found is None:
        raise Http404
    return found


def _shown(content: Content) -> dict[str, Any]:
    return {"content": content, "label": LABELS[Tlp(content.tlp)]}


def _tools(found: Advisory, request: HttpRequest) -> dict[str, Any]:
    """What staff see besides: the draft's state, and the forms to take it on."""
    pending = found.state in {State.DRAFT, State.REVIEW}
    return {
        "pending": pending,
        "missing": faults(found.content) if pending else [],
        "publish_form": PublishForm(
            initial={"edited": found.edited, "summary": "" if found.version else "First version"}
        ),
        "withdraw_form": WithdrawForm(),
        "publisher": selectors.publisher(),
        "may_edit": person_of(request).writes and found.state not in READ_ONLY_STATES,
    }


def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Every version that reaches the visitor, and what changed from one to the next."""
    found = get_object_or_404(selectors.visible_to(request.user), slug=slug)
    versions = list(selectors.versions_visible_to(request.user, found))
    if not versions and not selectors.works(request.user):
        raise Http404
    pairs = zip(versions, [*versions[1:], None], strict=True)
    changes = [
        (one, list(differences(before.content, one.content)) if before else []) for one, before in pairs
    ]
    waiting = selectors.works(request.user) and found.state in {State.DRAFT, State.REVIEW} and bool(versions)
    draft = list(differences(versions[0].content, found.content)) if waiting else []
    title = found.title if selectors.works(request.user) else found.published_title
    context = {"advisory": found, "title": title, "changes": changes, "draft": draft}
    return render(request, "advisories/history.html", context)


@require_safe
def csaf(request: HttpRequest, slug: str) -> HttpResponse:
    """The CSAF document of the newest version that reaches the visitor."""
    found = get_object_or_404(selectors.visible_to(request.user), slug=slug)
    version = _asked(list(selectors.versions_visible_to(request.user, found)), request.GET.get("version", ""))
    if version is None or not version.csaf:
        raise Http404
    return HttpResponse(version.csaf, content_type="application/json")


@writers
def begin(request: HttpRequest) -> HttpResponse:
    """Begin an advisory, filled in from a campaign's pack or empty."""
    form = BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := _begun(request, form)):
        return redirect("edit-advisory", made.slug)
    context = {"form": form, "title": "New advisory", "action": "Begin"}
    return render(request, "form.html", context)


def _begun(request: HttpRequest, form: BeginForm) -> Advisory | None:
    campaign, title = form.cleaned_data["campaign"], form.cleaned_data["title"]
    try:
        content = services.prefilled(campaign) if campaign else Content(title=title, summary="", text="")
        named = structs.replace(content, title=title) if title.strip() else content
        made = services.create(named, by=person_of(request), campaign=campaign)
    except TocsinError as fault:
        form.add_error(None, str(fault))
        return None
    return made


@writers
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the draft of the next version; *Preview* shows it and saves nothing."""
    found = get_object_or_404(selectors.visible_to(request.user), slug=slug)
    form = (
        AdvisoryForm(request.POST)
        if request.method == "POST"
        else AdvisoryForm.of(found.content, found.edited)
    )
    if (
        request.method == "POST"
        and form.is_valid()
        and "preview" not in request.POST
        and _saved(request, found, form)
    ):
        return redirect("advisory", slug)
    context: dict[str, Any] = {"advisory": found, "form": form}
    if "preview" in request.POST and form.is_valid():
        context |= _shown(form.content())
    return render(request, "advisories/edit.html", context)


def _saved(request: HttpRequest, found: Advisory, form: AdvisoryForm) -> bool:
    try:
        services.edit(found, form.content(), by=person_of(request), edited=form.cleaned_data["edited"])
    except TocsinError as fault:
        form.add_error(None, str(fault))
        return False
    messages.success(request, "Saved. Nobody outside sees it before it is published.")
    return True


def _done(request: HttpRequest, slug: str, act: Callable[[Advisory], object], said: str) -> HttpResponse:
    """Do something with an advisory; say that it was done, or why not."""
    found = get_object_or_404(selectors.visible_to(request.user), slug=slug)
    try:
        act(found)
    except TocsinError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, said)
    return redirect("advisory", slug)


@writers
@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a second look."""
    by = person_of(request)
    return _done(request, slug, lambda row: services.submit(row, by=by), "Waits for a second look.")


@writers
@require_POST
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a draft back to its author."""
    by = person_of(request)
    return _done(request, slug, lambda row: services.send_back(row, by=by), "Given back.")


@writers
@require_POST
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish the draft that the person has read."""
    form = PublishForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say in one line what changed.")
        return redirect("advisory", slug)
    by, given = person_of(request), form.cleaned_data
    return _done(request, slug, lambda row: services.publish(row, by=by, **given), "Published.")


@writers
@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an advisory back."""
    by, reason = person_of(request), request.POST.get("reason", "")[:1_000]
    return _done(request, slug, lambda row: services.withdraw(row, by=by, reason=reason), "Withdrawn.")


@administrators
def publisher(request: HttpRequest) -> HttpResponse:
    """Who publishes here, and whether a second person looks first."""
    form = PublisherForm(request.POST or None, instance=selectors.publisher())
    if request.method == "POST" and form.is_valid():
        services.set_publisher(form.save(commit=False), by=person_of(request))
        messages.success(request, "Saved.")
        return redirect("advisories")
    stands = "Stands in every CSAF document. Published documents are not changed by it."
    explanation = f"{stands} {signing.told()}"
    context = {"form": form, "title": "Publisher", "explanation": explanation}
    return render(request, "form.html", context)
