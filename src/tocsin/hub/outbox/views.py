"""Pages about messages: the list, one message, those in doubt, calls, letters, the switch that holds all."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.errors import TocsinError, UsageFault
from tocsin.hub.accounts.doors import person_of, staff, writers
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.listing.lists import Bulk
from tocsin.hub.listing.views import show
from tocsin.hub.outbox import by_hand, choosing, letters, selectors, services, shown
from tocsin.hub.outbox.forms import CallForm, HoldForm, NoteForm
from tocsin.hub.outbox.lists import MESSAGES
from tocsin.hub.outbox.models import Message

AT_ONCE = 100
"""Calls and doubtful messages on one page, and letters in one batch."""


@staff
def outbox(request: HttpRequest) -> HttpResponseBase:
    """Every message, newest first."""
    user = person_of(request)
    rows = selectors.visible_to(user).select_related("organisation").defer("text", "headers")
    many = Bulk(address=reverse("messages-change"), actions=choosing.BUTTONS) if user.writes else None
    return show(
        request, MESSAGES, rows=rows, template="outbox/list.html", context=shown.standing(user), bulk=many
    )


def _visible(request: HttpRequest, key: int) -> Message:
    rows = selectors.visible_to(person_of(request)).select_related("organisation", "contact")
    return get_object_or_404(rows, pk=key)


@staff
def message(request: HttpRequest, key: int) -> HttpResponse:
    """One message: what is sent, as plain text, and what became of it."""
    found = _visible(request, key)
    record_reading(request, 1)
    context = {
        "message": found,
        "text": shown.text_of(found),
        "headers": shown.headers(found),
        "enclosures": found.enclosures.defer("content"),
    }
    return render(request, "outbox/message.html", context | {"form": NoteForm()})


@staff
def enclosure(request: HttpRequest, key: int) -> HttpResponseBase:
    """An attachment, as a download that no browser shows or runs."""
    found = get_object_or_404(selectors.enclosures_visible_to(person_of(request)), pk=key)
    record_reading(request, 1)
    return FileResponse(
        BytesIO(bytes(found.content)),
        as_attachment=True,
        filename=found.name,
        content_type="application/octet-stream",
    )


@writers
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Hold, let go or cancel the messages that were chosen, once that is confirmed."""
    user, action = person_of(request), request.POST.get("action", "")
    meant = choosing.chosen(user, request.POST)
    confirmed = request.POST.get("confirmed") == str(len(meant.messages))
    if action in choosing.ACTIONS and confirmed and meant.messages and not meant.too_many:
        done = choosing.ACTIONS[action][1](user, meant.messages)
        messages.success(request, f"{choosing.ACTIONS[action][0]}: {done:,} messages.")
        return redirect("outbox")
    context = {
        "action": action,
        "words": choosing.ACTIONS.get(action, ("",))[0],
        "meant": meant,
        "most": choosing.MOST,
        "rows": request.POST.getlist("chosen"),
        "which": request.POST.get("which", ""),
        "query": request.POST.get("query", ""),
    }
    return render(request, "outbox/change.html", context)


@staff
@never_cache
def in_doubt(request: HttpRequest) -> HttpResponse:
    """Messages that may have gone out or not."""
    rows = list(selectors.in_doubt(person_of(request))[:AT_ONCE])
    record_reading(request, len(rows))
    return render(request, "outbox/in_doubt.html", {"rows": rows})


@writers
@require_POST
def settle(request: HttpRequest, key: int) -> HttpResponse:
    """Say of a message in doubt whether it went out."""
    found, answer = _visible(request, key), request.POST.get("sent", "")
    if answer not in {"yes", "no"}:
        messages.error(request, "Say whether it went out.")
    else:
        _tried(
            request,
            lambda: services.settle(found, sent=answer == "yes", by=person_of(request)),
            "Settled." if answer == "yes" else "It is sent again.",
        )
    return redirect("messages-in-doubt")


@staff
@never_cache
def calls(request: HttpRequest) -> HttpResponse:
    """Whom to call now, and what to say."""
    rows = list(selectors.calls(person_of(request))[:AT_ONCE])
    record_reading(request, len(rows))
    return render(request, "outbox/calls.html", {"rows": rows, "form": CallForm()})


@writers
@require_POST
def called(request: HttpRequest, key: int) -> HttpResponse:
    """Record how a call ended."""
    found, form = _visible(request, key), CallForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say how the call ended, in at most 400 characters.")
        return redirect("messages-calls")
    given = form.cleaned_data
    call = by_hand.Call(given["outcome"])
    _tried(
        request,
        lambda: by_hand.called(found, call, note=given["note"], by=person_of(request)),
        "Recorded.",
    )
    return redirect("messages-calls")


@staff
@never_cache
def letter_list(request: HttpRequest) -> HttpResponse:
    """Letters that wait to be printed."""
    rows = list(selectors.letters(person_of(request))[:AT_ONCE])
    record_reading(request, len(rows))
    return render(request, "outbox/letters.html", {"rows": rows})


@writers
@never_cache
def print_letters(request: HttpRequest) -> HttpResponse:
    """The letters themselves, a page or more each, for the printer: with what opens owners' pages."""
    rows = list(selectors.letters(person_of(request))[:AT_ONCE])
    record_reading(request, len(rows))
    return render(request, "outbox/print.html", {"letters": [letters.laid_out(row) for row in rows]})


@writers
@never_cache
def letters_pdf(request: HttpRequest) -> HttpResponseBase:
    """The same as PDF, where WeasyPrint is installed."""
    rows = list(selectors.letters(person_of(request))[:AT_ONCE])
    try:
        content = letters.as_pdf(rows)
    except TocsinError as fault:
        messages.error(request, str(fault))
        return redirect("messages-letters")
    record_reading(request, len(rows))
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="letters.pdf"'
    return answer


@writers
@require_POST
def printed(request: HttpRequest) -> HttpResponse:
    """The letters of a batch are printed and on their way."""
    done = by_hand.printed(choosing.numbers(request.POST.getlist("chosen")), by=person_of(request))
    messages.success(request, f"{done:,} letters are on their way.")
    return redirect("messages-letters")


@writers
@require_POST
def came_back(request: HttpRequest, key: int) -> HttpResponse:
    """Record that a letter came back."""
    found, form = _visible(request, key), NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    _tried(
        request,
        lambda: by_hand.returned_by_post(found, note=note, by=person_of(request)),
        "Recorded; the contact is marked.",
    )
    return redirect("message", key)


@staff
@never_cache
def hold(request: HttpRequest) -> HttpResponse:
    """The switch that stops everything that leaves the hub by itself."""
    user, form = person_of(request), HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        held = given["held"] == "yes"
        _tried(
            request,
            lambda: by_hand.hold_everything(held=held, reason=given["reason"], by=user),
            "Everything is held." if held else "Let go.",
        )
        return redirect("outbox-hold")
    return render(request, "outbox/hold.html", shown.standing(user))


def _tried(request: HttpRequest, act: Callable[[], object], said: str) -> None:
    """Do something; what stands against it is said on the next page."""
    try:
        act()
    except UsageFault as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, said)
