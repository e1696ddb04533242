"""Read advisories: each only as far as its mark lets it go."""

from __future__ import annotations

from django.db.models import F, QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.advisories.models import Advisory, Publisher, Signature, Subscriber, Version
from tocsin.hub.constituency.selectors import Visitor
from tocsin.hub.rules.tlp import Tlp, Way, carried_by
from tocsin.hub.rules.words import Role


def way_to(user: Visitor) -> Way:
    """How a text reaches this visitor."""
    if not isinstance(user, User):
        return Way.PUBLIC
    return Way.MEMBERS if user.role == Role.MEMBER else Way.STAFF


def works(user: Visitor) -> bool:
    """Whether this person works at the hub, and so sees drafts."""
    return way_to(user) is Way.STAFF


def visible_to(user: Visitor) -> QuerySet[Advisory]:
    """Staff see all; others what is published with a mark that reaches them."""
    way = way_to(user)
    found = Advisory.objects.select_related("campaign", "author")
    if way is Way.STAFF:
        return found
    return found.filter(version__gt=0, published_tlp__in=carried_by(way))


def exported_to(user: Visitor) -> QuerySet[Advisory]:
    """What this person sees and may take away: nothing that is TLP:RED, as draft or published."""
    return visible_to(user).exclude(tlp=Tlp.RED).exclude(published_tlp=Tlp.RED)


def versions_visible_to(user: Visitor, advisory: Advisory) -> QuerySet[Version]:
    """Published versions whose own mark reaches this visitor, newest first."""
    marks = carried_by(way_to(user))
    return Version.objects.filter(advisory=advisory, tlp__in=marks).select_related("by").order_by("-number")


def public() -> QuerySet[Version]:
    """The newest version of each advisory that everybody may read, the newest first.

    A mark never becomes narrower, so that the newest version of a public advisory is public.
    """
    found = Version.objects.select_related("advisory").filter(
        advisory__published_tlp__in=carried_by(Way.PUBLIC), number=F("advisory__version")
    )
    return found.order_by("-at", "-pk")


def signed() -> QuerySet[Signature]:
    """The signatures of what everybody may read."""
    return Signature.objects.filter(version__in=public().order_by())


def versions_exported_to(user: Visitor, advisory: Advisory) -> QuerySet[Version]:
    """Of the versions that this person sees, those that may leave as a file or an answer of the API."""
    return versions_visible_to(user, advisory).exclude(tlp=Tlp.RED)


def publisher() -> Publisher | None:
    """Who publishes, once that is filled in."""
    return Publisher.objects.first()


def subscribers_visible_to(user: Visitor) -> QuerySet[Subscriber]:
    """Administrators see who subscribed: it is personal data that nobody else needs."""
    allowed = isinstance(user, User) and user.administers
    return Subscriber.objects.all() if allowed else Subscriber.objects.none()
