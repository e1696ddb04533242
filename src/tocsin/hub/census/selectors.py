"""Read the census: each row only for those who may see it."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.census.models import Server, Snapshot
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.listing import prefixes
from tocsin.hub.rules.words import Role

Visitor = User | AnonymousUser


def servers_visible_to(user: Visitor) -> QuerySet[Server]:
    """Members see the servers of their organisations and of those below them; all others see all."""
    if not isinstance(user, User):
        return Server.objects.none()
    if user.role != Role.MEMBER:
        return Server.objects.all()
    return Server.objects.filter(organisation__in=_organisations_of(user))


def snapshots_visible_to(user: Visitor) -> QuerySet[Snapshot]:
    """Members see none: a census names other people's servers."""
    if not isinstance(user, User) or user.role == Role.MEMBER:
        return Snapshot.objects.none()
    return Snapshot.objects.select_related("source")


def _organisations_of(user: User) -> QuerySet[Organisation]:
    own = Q(memberships__user=user)
    return Organisation.objects.filter(own | Q(parent__memberships__user=user)).distinct()


def servers_that_begin(text: str) -> QuerySet[Server]:
    """Servers whose address or host name begins with a text, for searches.

    Raises:
        Unclear: it is neither.
    """
    text = text.lower()
    where = prefixes.address if prefixes.looks_like_address(text) else prefixes.name
    field = "ip" if prefixes.looks_like_address(text) else "hostname"
    return Server.objects.filter(where(field, text))
