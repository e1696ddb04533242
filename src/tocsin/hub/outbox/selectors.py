"""Who may see which messages: the staff of the hub, all of them; members of organisations, none."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils import timezone

from tocsin.hub.accounts.models import User
from tocsin.hub.constituency.selectors import Visitor
from tocsin.hub.outbox.models import Enclosure, Message
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.words import Channel, Role


def visible_to(user: Visitor) -> QuerySet[Message]:
    """Messages that this person may see."""
    staff = isinstance(user, User) and user.role != Role.MEMBER
    return Message.objects.all() if staff else Message.objects.none()


def enclosures_visible_to(user: Visitor) -> QuerySet[Enclosure]:
    """Attachments of those messages."""
    return Enclosure.objects.filter(message__in=visible_to(user))


def calls(user: Visitor, now: datetime | None = None) -> QuerySet[Message]:
    """Calls to be made now, the most urgent first."""
    due = visible_to(user).filter(
        channel=Channel.PHONE, state=State.QUEUED, not_before__lte=now or timezone.now()
    )
    return due.select_related("organisation", "contact").order_by("urgency", "not_before", "pk")


def letters(user: Visitor, now: datetime | None = None) -> QuerySet[Message]:
    """Letters to be printed now, the most urgent first."""
    due = visible_to(user).filter(
        channel=Channel.LETTER, state=State.QUEUED, not_before__lte=now or timezone.now()
    )
    return due.select_related("organisation").order_by("urgency", "not_before", "pk")


def in_doubt(user: Visitor) -> QuerySet[Message]:
    """Messages that a person has to settle, the oldest first."""
    return visible_to(user).filter(state=State.IN_DOUBT).select_related("organisation").order_by("pk")


def counts(user: Visitor) -> dict[str, int]:
    """How many messages stand in each state that wants somebody's eye."""
    states = [State.QUEUED, State.HELD, State.IN_DOUBT]
    rows = visible_to(user).filter(state__in=states).values("state").annotate(n=Count("pk")).order_by()
    return {row["state"]: row["n"] for row in rows}
