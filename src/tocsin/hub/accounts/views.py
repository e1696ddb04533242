"""A person's own pages: account, second factor, tokens, and the door that an invitation opens."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.views import list_usersessions
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts import selectors, services
from tocsin.hub.accounts.doors import person_of
from tocsin.hub.accounts.forms import EntranceForm, TokenForm
from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.refusals import LINK, refused
from tocsin.hub.accounts.second_factor import in_grace

BACKEND = "django.contrib.auth.backends.ModelBackend"
TRIES = 20


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """What this person is here, and the ways to change password, passkeys and tokens."""
    person = person_of(request)
    memberships = person.memberships.select_related("organisation")
    context = {"memberships": memberships, "in_grace": in_grace(person)}
    return render(request, "accounts/account.html", context)


@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Why a second factor is needed, and the two ways to set one up."""
    return render(request, "accounts/second_factor.html")


@never_cache
@sensitive_post_parameters("password")
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Open an account, or set a new password, by a one-time link. Looking at the page changes nothing."""
    if not within(f"enter {services.place_of(request)}", TRIES, seconds=60):
        return render(request, "429.html", status=429)
    invitation = services.open_invitation(key)
    if invitation is None:
        refused(LINK, request)
        return render(request, "accounts/link_is_gone.html", status=410)
    form = EntranceForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (answer := _entered(request, key, form)):
        return answer
    return render(request, "accounts/enter.html", {"form": form, "invitation": invitation})


def _entered(request: HttpRequest, key: str, form: EntranceForm) -> HttpResponse | None:
    """Let the person in, or put on the form what is wrong with the password."""
    try:
        user = services.accept(key, form.cleaned_data["password"], name=form.cleaned_data["name"])
    except ValidationError as error:
        form.add_error("password", error)
        return None
    if user is None:
        return render(request, "accounts/link_is_gone.html", status=410)
    login(request, user, backend=BACKEND)
    services.remember_session(request)
    return redirect("dashboard")


_sessions: Any = reauthentication_required(list_usersessions, allow_get=True)


@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """A person's sessions; ending them asks for the password or a factor once more."""
    answer: HttpResponse = _sessions(request)
    return answer


@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """A person's tokens, and a form for a new one, whose key is shown once."""
    person = person_of(request)
    form, key = TokenForm(request.POST or None, role=person.role), ""
    if request.method == "POST" and form.is_valid():
        key = _made(request, form)
        form = TokenForm(role=person.role) if key else form
    shown = selectors.tokens_visible_to(person).order_by("-created")[:500]
    context = {"tokens": shown, "form": form, "key": key, "now": timezone.now()}
    return render(request, "accounts/tokens.html", context)


def _made(request: HttpRequest, form: TokenForm) -> str:
    person, wanted = person_of(request), form.cleaned_data
    try:
        _, key = services.make_token(person, wanted["name"], wanted["scopes"], days=wanted["days"], by=person)
    except UsageFault as fault:
        form.add_error("scopes", fault.what)
        return ""
    return key


@login_required
@require_POST
def revoke_token(request: HttpRequest, number: int) -> HttpResponse:
    """End a token."""
    person = person_of(request)
    token = get_object_or_404(selectors.tokens_visible_to(person), pk=number)
    services.revoke(token, by=person)
    messages.success(request, f"The token “{token.name}” has ended.")
    return redirect("tokens")
