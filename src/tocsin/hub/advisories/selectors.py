"""Read advisories: each only as far as its mark lets it go."""

from __future__ import annotations

from django.db.models import QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.advisories.models import Advisory, Publisher, Subscriber, Version
from tocsin.hub.constituency.selectors import Visitor
from tocsin.hub.rules.tlp import Tlp, Way, carried_by
from tocsin.hub.rules.words import Role


def way_to(user: Visitor) -> Way:
    """How a text reaches this visitor."""
    if not isinstance(user, User):
        return Way.PUBLIC
    return Way.MEMBERS if user.role == Role.MEMBER else Way.STAFF


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
    """The newest version of every advisory that everybody may read, the newest first."""
    latest = Advisory.objects.filter(version__gt=0, published_tlp__in=carried_by(Way.PUBLIC))
    found = Version.objects.select_related("advisory").filter(advisory__in=latest, tlp=Tlp.CLEAR)
    return found.order_by("advisory_id", "-number")


def public_latest(most: int | None = None) -> list[Version]:
    """The newest version of each public advisory, the newest first."""
    newest: dict[int, Version] = {}
    for version in public():
        newest.setdefault(version.advisory_id, version)
    rows = sorted(newest.values(), key=lambda version: (version.at, version.pk), reverse=True)
    return rows[:most]


def publisher() -> Publisher | None:
    """Who publishes, once that is filled in."""
    return Publisher.objects.first()


def subscribers_visible_to(user: Visitor) -> QuerySet[Subscriber]:
    """Administrators see who subscribed: it is personal data that nobody else needs."""
    allowed = isinstance(user, User) and user.administers
    return Subscriber.objects.all() if allowed else Subscriber.objects.none()
