"""Which events a person may be given, and whose subscriptions he sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Max, QuerySet
from django.utils import timezone
from msgspec import Struct

from tocsin.hub.accounts.models import Token, User
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.exposure.models import Event
from tocsin.hub.rules.streams import wanted
from tocsin.hub.streams.models import Delivery, Subscription

LOOK = 2_000
LOOKS = 5
SERVER = "server:"


class Batch(Struct, frozen=True, kw_only=True):
    """Events in their order, and the last one that was looked at: the place to go on from."""

    events: list[Event]
    looked: int


def newest() -> int:
    """The chain's last event; 0 while there is none."""
    return Event.objects.aggregate(last=Max("id"))["last"] or 0


def events_after(user: User, after: int, *, most: int, kinds: Sequence[str] = (), only: str = "") -> Batch:
    """Give the next events after one that a person may see: staff all, members those of their own servers.

    Some 10,000 events are looked at, so that a member of a small organisation costs no walk over the whole
    chain; ``looked`` says how far it came.
    """
    found: list[Event] = []
    looked = after
    for size in (min(most, LOOK), *[LOOK] * LOOKS):
        rows = list(Event.objects.filter(pk__gt=looked).order_by("pk")[:size])
        for row in _visible(user, rows):
            if wanted(row.kind, row.campaign, kinds=kinds, only=only):
                found.append(row)
                if len(found) == most:
                    return Batch(events=found, looked=row.pk)
        looked = rows[-1].pk if rows else looked
        if len(rows) < size:
            break
    return Batch(events=found, looked=looked)


def _visible(user: User, rows: Sequence[Event]) -> list[Event]:
    if organisation_ids(user) is None:
        return list(rows)
    numbers = {row.subject.removeprefix(SERVER) for row in rows if row.subject.startswith(SERVER)}
    own = servers_visible_to(user).filter(pk__in=[int(number) for number in numbers if number.isdigit()])
    seen = {f"{SERVER}{number}" for number in own.values_list("pk", flat=True)}
    return [row for row in rows if row.subject in seen]


def shown(event: Event) -> dict[str, Any]:
    """An event as programs get it; times are UTC, ISO 8601."""
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "recorded": event.recorded.isoformat(),
        "actor": event.actor,
        "kind": event.kind,
        "subject": event.subject,
        "campaign": event.campaign,
        "before": event.before,
        "after": event.after,
        "detail": event.detail,
        "digest": event.digest,
    }


def holder(token: Token) -> User | None:
    """The person of a token as he stands now; None once the token has ended or he may not log in."""
    found = Token.objects.filter(
        pk=token.pk, revoked=None, expires__gt=timezone.now(), user__is_active=True
    ).select_related("user")
    row = found.first()
    return row.user if row else None


def subscriptions_visible_to(user: Visitor) -> QuerySet[Subscription]:
    """Give a person's own subscriptions; administrators see everybody's."""
    if not isinstance(user, User):
        return Subscription.objects.none()
    found = Subscription.objects.select_related("user")
    return found if user.administers else found.filter(user=user)


def deliveries_of(subscription: Subscription) -> QuerySet[Delivery]:
    """Give what was sent to a receiver, the newest first, with every try."""
    return subscription.deliveries.prefetch_related("attempts").order_by("-pk")
