"""Who sees which slices and reports: a carrier's members their own slice, staff everything."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from msgspec import Struct

from tocsin.hub.accounts.models import User
from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.relay.models import Carrier, Entry, Infrastructure, Report
from tocsin.hub.rules.relay import RowState, TimeTo, Wait, time_to
from tocsin.hub.rules.relay_reports import State
from tocsin.hub.rules.words import CLOSED

MOST = 200_000
"""Rows that figures are made of at most; the newest ones."""


def carriers_visible_to(user: Visitor) -> QuerySet[Carrier]:
    """Give the carriers whose slices a person may see: all for staff; for members those of their own.

    Being above a carrier's organisation is not enough: the agreement is with the carrier itself.
    """
    if not isinstance(user, User):
        return Carrier.objects.none()
    found = Carrier.objects.select_related("organisation")
    if organisation_ids(user) is None:
        return found
    return found.filter(organisation__memberships__user=user, active=True)


def entries_visible_to(user: Visitor) -> QuerySet[Entry]:
    """Give rows of the slices that a person may see; members see no row that left their slice."""
    found = Entry.objects.filter(carrier__in=carriers_visible_to(user)).select_related(
        "carrier", "standing__server", "standing__campaign", "standing__organisation"
    )
    return found if organisation_ids(user) is None else found.filter(left=None)


def infrastructure_visible_to(user: Visitor) -> QuerySet[Infrastructure]:
    """Give what attackers run, to staff."""
    found = Infrastructure.objects.select_related("campaign")
    return found if organisation_ids(user) is None else found.none()


def reports_visible_to(user: Visitor) -> QuerySet[Report]:
    """Give reports about it, to staff."""
    found = Report.objects.select_related("infrastructure__campaign")
    return found if organisation_ids(user) is None else found.none()


class Overview(Struct, frozen=True, kw_only=True):
    """One carrier on the first page: rows in its slice, and how many it has answered."""

    carrier: Carrier
    rows: int
    unanswered: int


def overview(user: Visitor) -> list[Overview]:
    """Give every visible carrier with its counts, by name."""
    here = Q(entries__left=None)
    counted = carriers_visible_to(user).annotate(
        n=Count("entries", filter=here),
        silent=Count("entries", filter=here & Q(entries__state=RowState.NO_ANSWER)),
    )
    return [Overview(carrier=row, rows=row.n, unanswered=row.silent) for row in counted.order_by("name")]


class Times(Struct, frozen=True, kw_only=True):
    """How long a carrier takes until it answers, takes on, passes on, says fixed; until that is shown."""

    answer: TimeTo
    taken_on: TimeTo
    passed_on: TimeTo
    said_fixed: TimeTo
    shown_fixed: TimeTo


def times_of(carrier: Carrier, now: datetime | None = None) -> Times:
    """Give the times of one carrier's rows. ``shown_fixed`` is the census's word, not the carrier's."""
    moment = now or timezone.now()
    names = ("added", "answered", "taken_on", "passed_on", "fixed")
    rows = Entry.objects.filter(carrier=carrier).order_by("-added", "-id")
    found = list(rows.values_list(*names, "standing__exposure", "standing__closed")[:MOST])

    def waits(of: int) -> TimeTo:
        return time_to((Wait(began=row[0], came=_moment(row[of])) for row in found), moment)

    closed = (Wait(began=row[0], came=_moment(row[6]) if row[5] in CLOSED else None) for row in found)
    return Times(
        answer=waits(1),
        taken_on=waits(2),
        passed_on=waits(3),
        said_fixed=waits(4),
        shown_fixed=time_to(closed, moment),
    )


def _moment(value: object) -> datetime | None:
    """A day counts from its noon, so that it is wrong by half a day at most."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(f"{value}T12:00:00+00:00")


class Acting(Struct, frozen=True, kw_only=True):
    """How long recipients of one kind take to acknowledge and to act."""

    recipient: str
    acknowledged: TimeTo
    acted: TimeTo
    refused: int
    undeliverable: int


def acting(user: Visitor, now: datetime | None = None) -> list[Acting]:
    """Give the time to action, by kind of recipient. Withdrawn reports count for nothing."""
    moment = now or timezone.now()
    rows = reports_visible_to(user).exclude(state=State.WITHDRAWN).order_by("-created", "-id")[:MOST]
    groups: dict[str, list[Report]] = {}
    for row in rows:
        groups.setdefault(row.recipient, []).append(row)
    return [_acting(recipient, group, moment) for recipient, group in sorted(groups.items())]


def _acting(recipient: str, group: list[Report], now: datetime) -> Acting:
    sent = [(row, row.reported) for row in group if row.reported and row.state != State.UNDELIVERABLE]
    answered = (Wait(began=at, came=row.acknowledged or row.acted or row.refused) for row, at in sent)
    return Acting(
        recipient=recipient,
        acknowledged=time_to(answered, now),
        acted=time_to((Wait(began=at, came=row.acted) for row, at in sent), now),
        refused=sum(row.refused is not None for row in group),
        undeliverable=sum(row.state == State.UNDELIVERABLE for row in group),
    )
