"""Pages for administrators: people, invitations, the record of acts and readings, data protection."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts import selectors, services
from tocsin.hub.accounts.doors import administrators, person_of
from tocsin.hub.accounts.forms import PARTS, DataProtectionForm, InvitationForm, MembershipForm, RoleForm
from tocsin.hub.accounts.models import OperatorText, User
from tocsin.hub.lists.keyset import page


@administrators
@never_cache
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, open invitations, and a form to invite; the link is shown once."""
    form, link = InvitationForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        link = _invited(request, form)
        form = InvitationForm() if link else form
    found = page(User.objects.all(), order=("email",), cursor=request.GET.get("cursor", ""))
    invitations = selectors.invitations_visible_to(request.user).order_by("-created")[:200]
    context = {"page": found, "invitations": invitations, "now": timezone.now(), "form": form, "link": link}
    return render(request, "accounts/people.html", context)


def _invited(request: HttpRequest, form: InvitationForm) -> str:
    try:
        _, key = services.invite(**form.cleaned_data, by=person_of(request))
    except UsageFault as fault:
        form.add_error(None, str(fault))
        return ""
    return link_of(key)


def link_of(key: str) -> str:
    """The address that an invitation's key opens."""
    return f"{settings.PUBLIC_URL}{reverse('enter', args=[key])}"


@administrators
@require_POST
def withdraw_invitation(request: HttpRequest, number: int) -> HttpResponse:
    """End an invitation that nobody has used."""
    invitation = get_object_or_404(selectors.invitations_visible_to(request.user), pk=number)
    services.withdraw(invitation, by=person_of(request))
    messages.success(request, f"The invitation of {invitation.email} has ended.")
    return redirect("people")


@administrators
@never_cache
def person(request: HttpRequest, number: int) -> HttpResponse:
    """One person: role, memberships, tokens, what was done to and by the account."""
    user = get_object_or_404(User, pk=number)
    context = {
        "person": user,
        "role_form": RoleForm(initial={"role": user.role}),
        "membership_form": MembershipForm(),
        "memberships": user.memberships.select_related("organisation"),
        "acts": selectors.acts_visible_to(request.user)
        .filter(subject=f"user:{user.pk}")
        .order_by("-id")[:50],
    }
    return render(request, "accounts/person.html", context)


@administrators
@require_POST
@never_cache
def change_person(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """Change the role, join or leave an organisation, close or reopen the account, or make a reset link."""
    user = get_object_or_404(User, pk=number)
    try:
        link = CHANGES[what](request, user)
    except (KeyError, ValueError, UsageFault) as fault:
        messages.error(request, str(fault) if isinstance(fault, UsageFault) else "That is not possible.")
        return redirect("person", number=number)
    if link:
        return render(request, "accounts/link.html", {"link": link, "person": user})
    messages.success(request, "Done.")
    return redirect("person", number=number)


def _role(request: HttpRequest, user: User) -> None:
    services.set_role(user, request.POST.get("role", ""), by=person_of(request))


def _join(request: HttpRequest, user: User) -> None:
    form = MembershipForm(request.POST)
    if not form.is_valid():
        raise UsageFault("no such organisation")
    services.join(user, form.cleaned_data["organisation"], by=person_of(request))


def _leave(request: HttpRequest, user: User) -> None:
    form = MembershipForm(request.POST)
    if form.is_valid():
        services.leave(user, form.cleaned_data["organisation"], by=person_of(request))


def _close(request: HttpRequest, user: User) -> None:
    services.close(user, by=person_of(request))


def _reopen(request: HttpRequest, user: User) -> None:
    services.reopen(user, by=person_of(request))


def _reset(request: HttpRequest, user: User) -> str:
    return link_of(services.reset(user, by=person_of(request))[1])


CHANGES: dict[str, Callable[[HttpRequest, User], str | None]] = {
    "role": _role,
    "join": _join,
    "leave": _leave,
    "close": _close,
    "reopen": _reopen,
    "reset": _reset,
}


@administrators
def record(request: HttpRequest) -> HttpResponse:
    """What people did here."""
    found = page(
        selectors.acts_visible_to(request.user), order=("-at", "-id"), cursor=request.GET.get("cursor", "")
    )
    return render(request, "accounts/record.html", {"page": found})


@administrators
def readings(request: HttpRequest) -> HttpResponse:
    """Who looked at pages that show victims."""
    found = page(
        selectors.readings_visible_to(request.user), order=("-id",), cursor=request.GET.get("cursor", "")
    )
    return render(request, "accounts/readings.html", {"page": found})


@administrators
def refusals(request: HttpRequest) -> HttpResponse:
    """Who was refused: wrong passwords, codes and keys, and pages that were not for whoever asked."""
    found = page(
        selectors.refusals_visible_to(request.user),
        order=("-last", "-id"),
        cursor=request.GET.get("cursor", ""),
    )
    return render(request, "accounts/refusals.html", {"page": found})


def data_protection(request: HttpRequest) -> HttpResponse:
    """Legal basis, retention and clocks, as the operator filled them in. Open to everybody."""
    texts = selectors.operator_texts()
    parts = [(label, texts.get(key, "")) for key, label in PARTS]
    context = {"parts": parts, "empty": not any(text for _, text in parts)}
    return render(request, "accounts/data_protection.html", context)


@administrators
def edit_data_protection(request: HttpRequest) -> HttpResponse:
    """Fill the page in."""
    form = DataProtectionForm(request.POST or None, initial=selectors.operator_texts())
    if request.method == "POST" and form.is_valid():
        keep_texts(form.keep(), person_of(request))
        return redirect("data-protection")
    context = {"form": form, "title": "Data protection", "back": reverse("data-protection")}
    return render(request, "form.html", context)


def keep_texts(texts: list[OperatorText], by: User) -> None:
    """Keep what the operator wrote, and that it changed."""
    for row in texts:
        OperatorText.objects.update_or_create(key=row.key, defaults={"text": row.text, "by": by})
    services.record("data protection page changed", "hub:data-protection", by=by)
