"""The page that an owner reaches by a link, without an account.

A GET shows who we are and a button, and changes nothing: mail scanners follow links. "Show me" is a POST; it
opens the page for an hour in the browser that asked. Who sends the address on sends the way in on, so the
page shows what concerns this owner alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from tocsin.errors import TocsinError, UsageFault
from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.selectors import operator_texts
from tocsin.hub.accounts.services import address_of, place_of, record
from tocsin.hub.owners import answering, handing, selectors, shown
from tocsin.hub.owners.forms import AnswerForm
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import OwnerLink
from tocsin.hub.rules import handins
from tocsin.hub.rules.handins import Form
from tocsin.hub.rules.links import OPEN_FOR, Stand

OPENED = "owner links"
TRIES = 60
"""Posts to one link, and from one address to any, in a minute."""

AROUND = 64 << 10
"""Bytes that a form takes besides its file."""

Page = Callable[[HttpRequest, OwnerLink, str], HttpResponse]
View = Callable[[HttpRequest, str], HttpResponse]


def by_link(view: Page) -> View:
    """A view for whoever has a link that opens; any other gets a page that says why not (410)."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        link = selectors.link_of(token)
        if link is None or link.stand is not Stand.OPEN:
            stand = link.stand if link else None
            return render(request, "owners/gone.html", {"stand": stand, "link": link}, status=410)
        if request.method == "POST" and not _within(request, link):
            return render(request, "429.html", status=429)
        return view(request, link, token)

    return guarded


def _within(request: HttpRequest, link: OwnerLink) -> bool:
    here = within(f"owner page {place_of(request)}", TRIES, seconds=60)
    return within(f"owner link {link.pk}", TRIES, seconds=60) and here


def opened_by(view: Page) -> Page:
    """A view behind "Show me"; without it, back to the page's door."""

    @wraps(view)
    def guarded(request: HttpRequest, link: OwnerLink, token: str) -> HttpResponse:
        return view(request, link, token) if is_open(request, link) else redirect("owner-page", token)

    return guarded


def is_open(request: HttpRequest, link: OwnerLink) -> bool:
    """Whether this browser has pressed the button within the hour."""
    until = request.session.get(OPENED, {}).get(str(link.pk))
    return bool(until) and timezone.now() < datetime.fromisoformat(until)


@require_GET
@by_link
def page(request: HttpRequest, link: OwnerLink, token: str) -> HttpResponse:
    """Who we are and a button; behind it, all that concerns this owner."""
    if not is_open(request, link):
        return render(request, "owners/door.html", {"token": token, "parts": operator_texts()})
    return _shown(request, link, token, AnswerForm(link))


def _shown(
    request: HttpRequest, link: OwnerLink, token: str, form: AnswerForm, status: int = 200
) -> HttpResponse:
    servers = shown.servers_of(link)
    context = {
        "token": token,
        "link": link,
        "servers": servers,
        "most": shown.MOST_SERVERS,
        "steps": shown.advice_for(link, servers),
        "nonce": link.nonces.order_by("-issued", "-id").first(),
        "answers": link.answers.select_related("server").order_by("-id")[:50],
        "hand_ins": link.hand_ins.select_related("server").order_by("-id")[:50],
        "form": form,
        "largest_report": handins.LARGEST_REPORT,
        "largest_evidence": handins.LARGEST_EVIDENCE,
    }
    return render(request, "owners/page.html", context, status=status)


@require_POST
@by_link
def show_me(request: HttpRequest, link: OwnerLink, token: str) -> HttpResponse:
    """Open the page in this browser, for an hour."""
    now = timezone.now()
    answering.opened(link, now)
    record("owner page opened", f"link:{link.pk}", address=address_of(request))
    if not request.user.is_authenticated:
        request.session.cycle_key()
    request.session[OPENED] = request.session.get(OPENED, {}) | {str(link.pk): (now + OPEN_FOR).isoformat()}
    return redirect("owner-page", token)


@require_POST
@by_link
@opened_by
def say(request: HttpRequest, link: OwnerLink, token: str) -> HttpResponse:
    """Take an answer down."""
    form = AnswerForm(link, request.POST)
    if not form.is_valid():
        return _shown(request, link, token, form, status=400)
    try:
        answering.answer(link, form.reply())
    except UsageFault as fault:
        form.add_error(None, str(fault))
        return _shown(request, link, token, form, status=400)
    messages.success(request, "Thank you. Your answer is kept, and an analyst reads it.")
    return redirect("owner-page", token)


def give(form: Form, most: int) -> View:
    """A view that takes a file: its length is looked at before anything of it is read."""

    @csrf_exempt  # the middleware would read the whole body; what is inside looks at the form's token
    @require_POST
    @by_link
    @opened_by
    def view(request: HttpRequest, link: OwnerLink, token: str) -> HttpResponse:
        if not _fits(request, most + AROUND):
            return render(request, "413.html", status=413)
        return _given(request, link, token, form)

    return view


def _fits(request: HttpRequest, most: int) -> bool:
    length = request.headers.get("Content-Length", "")
    return length.isascii() and length.isdigit() and int(length) <= most


def _given(request: HttpRequest, link: OwnerLink, token: str, form: Form) -> HttpResponse:
    @csrf_protect
    def inner(request: HttpRequest) -> HttpResponse:
        try:
            new = _take(request, link, form)
        except TocsinError as fault:
            messages.error(request, f"Not taken: {fault.what} {fault.remedy}".strip())
        else:
            thanks = "Taken in." if new else "We had this file already; nothing was changed."
            messages.success(request, f"{thanks} What it shows stands below as soon as it is read.")
        return redirect("owner-page", token)

    answer: HttpResponse = inner(request)
    return answer


def _take(request: HttpRequest, link: OwnerLink, form: Form) -> bool:
    file, server = request.FILES.get("file"), request.POST.get("server", "")
    if not isinstance(file, UploadedFile):
        raise UsageFault("no file was sent", remedy="Choose one.")
    if not (server.isascii() and server.isdigit() and len(server) < 19):  # noqa: PLR2004 - 64 bits
        raise UsageFault("say which server it is about")
    given = Given(server=int(server), campaign=link.campaign, name=file.name or "", link=link)
    take = handing.take_report if form is Form.REPORT else handing.take_evidence
    return take(_chunks(file), given).new


def _chunks(file: UploadedFile[bytes]) -> Iterator[bytes]:
    yield from file.chunks()


report = give(Form.REPORT, handins.LARGEST_REPORT)
evidence = give(Form.EVIDENCE, handins.LARGEST_EVIDENCE)
