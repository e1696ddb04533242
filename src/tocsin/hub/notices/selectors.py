"""Who may see which notices, batches, messages and gaps; and how a batch stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Count, QuerySet

from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.notices.models import Batch, Delivery, Gap, Notice
from tocsin.hub.rules.ladder import OWN
from tocsin.hub.rules.mail import State as Sent
from tocsin.hub.rules.notices import State, read_reference

OUT = (Sent.SENT, Sent.DELIVERED, Sent.PRINTED, Sent.CALLED)
LOST = (Sent.BOUNCED, Sent.REFUSED)


def visible_to(user: Visitor) -> QuerySet[Notice]:
    """The notices that a person may see: a member those of his organisations, once they have left."""
    owned = organisation_ids(user)
    found = Notice.objects.select_related("organisation", "campaign", "batch")
    if owned is None:
        return found
    hidden = [State.PLANNED, State.CANCELLED]
    return found.filter(organisation_id__in=owned).exclude(state__in=hidden)


def batches_visible_to(user: Visitor) -> QuerySet[Batch]:
    """The batches: all to staff, none to others."""
    found = Batch.objects.select_related("campaign", "by", "approved_by", "seconded_by")
    return found if organisation_ids(user) is None else found.none()


def gaps_visible_to(user: Visitor) -> QuerySet[Gap]:
    """Whom batches could not tell: all to staff, none to others."""
    found = Gap.objects.select_related("organisation", "batch__campaign")
    return found if organisation_ids(user) is None else found.none()


def deliveries_visible_to(user: Visitor) -> QuerySet[Delivery]:
    """Messages of notices: all to staff; to members those that went to their own contacts."""
    found = Delivery.objects.select_related("notice__organisation", "message")
    owned = organisation_ids(user)
    if owned is None:
        return found
    mine = found.filter(notice__organisation_id__in=owned, rung__in=[rung.value for rung in OWN])
    return mine.filter(state=Delivery.QUEUED)


class Progress(NamedTuple):
    """One row of how a batch stands."""

    what: str
    number: int


def progress(batch: Batch) -> list[Progress]:
    """How a batch stands: messages that left or came back, and notices by what became of them."""
    states = dict(batch.notices.order_by().values_list("state").annotate(n=Count("id")))
    mine = Delivery.objects.filter(notice__batch=batch)
    messages = dict(mine.order_by().values_list("message__state").annotate(n=Count("id")))
    return [
        Progress("notices planned", sum(states.values())),
        Progress("messages that wait", mine.filter(state=Delivery.WAITING).count()),
        Progress("messages sent", _sum(messages, OUT)),
        Progress("messages that came back or were refused", _sum(messages, LOST)),
        Progress("messages in doubt", _sum(messages, (Sent.IN_DOUBT,))),
        Progress("messages held", mine.filter(state=Delivery.HELD).count()),
        Progress("organisations without an answer yet", states.get(State.NO_ANSWER, 0)),
        Progress("organisations that answered", states.get(State.ANSWERED, 0)),
        Progress("organisations whose servers are fixed", states.get(State.FIXED, 0)),
        Progress("organisations that nothing reached", states.get(State.UNREACHED, 0)),
    ]


def _sum(counts: dict[str | None, int], words: Iterable[str]) -> int:
    return sum(counts.get(str(word), 0) for word in words)


def is_ours(typed: str) -> bool:
    """Whether a reference is one that this hub gave. Nothing else is told to whoever asks."""
    reference = read_reference(typed)
    known = Notice.objects.filter(reference=reference).exclude(state=State.PLANNED)
    return bool(reference) and known.exists()
