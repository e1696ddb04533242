"""Saved views: a list with its filters under a name, for oneself or for all who work here."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q, QuerySet

from tocsin.hub.accounts.models import SavedView, User
from tocsin.hub.rules.words import Role

NOT_KEPT = frozenset({"at", "export", "csrfmiddlewaretoken"})
MOST = 100
"""Views that one person may keep."""
LONGEST = 1_000
"""Characters of an address that a view keeps."""


def visible_to(user: User) -> QuerySet[SavedView]:
    """Own views, and the shared ones; members of organisations see their own alone."""
    own = Q(user=user)
    return SavedView.objects.filter(own if user.role == Role.MEMBER else own | Q(shared=True))


def of_page(user: User, page: str) -> QuerySet[SavedView]:
    """The views of one list, by name."""
    return visible_to(user).filter(page=page).select_related("user").order_by("name", "id")


def save(user: User, *, page: str, name: str, query: str, shared: bool) -> SavedView:
    """Keep a view; one of the same name is replaced. Who may not change the hub shares nothing.

    Raises:
        BadRequest: the address is too long to keep.
        PermissionDenied: this person keeps too many already.
    """
    mine = SavedView.objects.filter(user=user)
    if mine.count() >= MOST and not mine.filter(page=page, name=name).exists():
        raise PermissionDenied(f"You keep {MOST} views already; delete one first.")
    kept = urlencode([(key, value) for key, value in parse_qsl(query.lstrip("?")) if key not in NOT_KEPT])
    if len(kept) > LONGEST:
        raise BadRequest(f"A view keeps an address of at most {LONGEST} characters.")
    view, _ = SavedView.objects.update_or_create(
        user=user, page=page, name=name, defaults={"query": kept, "shared": shared and user.writes}
    )
    return view


def delete(user: User, key: int) -> None:
    """Delete an own view, or, as an administrator, a shared one; another's is left alone."""
    mine = Q(user=user) | (Q(shared=True) if user.administers else Q())
    SavedView.objects.filter(mine, pk=key).delete()
