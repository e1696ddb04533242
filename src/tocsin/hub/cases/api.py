"""Cases, for programs: read, open, act, and the attempt to close, which is judged as on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases import closing, selectors, services, work
from tocsin.hub.cases.finding import Sighting
from tocsin.hub.cases.forms import moment_of
from tocsin.hub.cases.lists import CASES
from tocsin.hub.cases.models import Case
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.cases import CLOSED, OPEN, CaseKind, CaseState, Source
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role

PREFIX = "/cases"
router = Router()
READ, WRITE = Bearer(Scope.CASES_READ), Bearer(Scope.CASES_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
Text = Annotated[str, Field(max_length=5_000, pattern=r"^[^\x00]*$")]
Line = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]


class CaseOut(Schema):
    """One case. ``claimed`` is somebody's word; ``verified-removed`` rests on the evidence ``hand_in_id``."""

    id: int
    kind: str
    campaign: str
    server_id: int | None
    organisation_id: int | None
    key: str
    url: str
    path: str
    sha256: str
    family: str
    source: str
    state: str
    since: datetime
    opened: datetime
    seen_until: datetime | None
    notified: datetime | None
    claimed: datetime | None
    closed: datetime | None
    collected: datetime | None
    hand_in_id: int | None
    exception: str
    reopened: int
    merged_into_id: int | None
    due: date | None
    overdue: bool
    risk: int
    sector: str
    country: str

    @staticmethod
    def resolve_campaign(row: Any) -> str:
        """The campaign's key."""
        return str(row.campaign.key)


class FactOut(Schema):
    """What was learned of a case: ``at`` is when it was so, ``recorded`` when the hub learned it."""

    kind: str
    source: str
    at: datetime
    until: datetime | None
    recorded: datetime
    grade: str
    hand_in_id: int | None
    reason: str


class ConditionOut(Schema):
    """One thing that closing asks for, and what is wrong where it is not met."""

    text: str
    met: bool
    why: str


class WholeOut(Schema):
    """A case with its timeline and what closing it asks for, by the newest accepted evidence."""

    case: CaseOut
    facts: list[FactOut]
    conditions: list[ConditionOut]


class NewCase(Schema):
    """A web shell or a compromise that somebody saw; a known case is told that it was seen."""

    kind: CaseKind
    campaign: Key
    server: Number
    url: Line = ""
    path: Line = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$")] = ""
    at: datetime | None = None
    reason: Annotated[Text, Field(min_length=1)]


class Act(Schema):
    """What is done to cases; all of them or none. ``text`` is the comment, reason or place that it needs."""

    cases: Annotated[list[Number], Field(min_length=1, max_length=services.MOST_AT_ONCE)]
    act: Literal["assign", "due", "comment", "notify", "link", "acknowledged", "claim", "accept"]
    text: Text = ""
    to: Number | None = None
    day: date | None = None


class Attempt(Schema):
    """By which hand-in a case is to be closed as verified removed."""

    hand_in: Number
    reason: Text = ""


class DoneOut(Schema):
    """How many cases it was done to."""

    cases: int


ORDERS = {order.key: order.fields for order in CASES.orders}


class Search(Asked):
    """Which cases, and in which order: last found first, first due, most to do, or greatest risk."""

    order: Literal["opened", "due", "state", "risk"] = "opened"

    campaign: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,60}$")] = ""
    state: CaseState | None = None
    kind: CaseKind | None = None
    open: bool | None = None
    overdue: bool | None = None
    server: Number | None = None
    organisation: Number | None = None
    cluster: Number | None = None


@router.get("", response=Items[CaseOut], auth=READ, summary="Cases")
def cases(request: HttpRequest, asked: Query[Search]) -> Any:
    """Cases that this token's person may see."""
    answer = items(_met(request, asked), asked, ORDERS[asked.order])
    record_reading(request, len(answer["items"]))
    return answer


def _met(request: HttpRequest, asked: Search) -> Any:
    rows = selectors.visible_to(person_of(request))
    wanted = {
        "campaign__key": asked.campaign,
        "state": asked.state,
        "kind": asked.kind,
        "server": asked.server,
        "organisation": asked.organisation,
    }
    if person_of(request).role != Role.MEMBER:  # a cluster reaches across organisations
        wanted["cluster"] = asked.cluster
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if asked.overdue is not None:
        rows = rows.filter(overdue=asked.overdue)
    return rows if asked.open is None else rows.filter(state__in=sorted(OPEN if asked.open else CLOSED))


@router.post("/act", response=DoneOut, auth=WRITE, summary="Act on cases")
def act(request: HttpRequest, wanted: Act) -> Any:
    """Assign, set a day, comment, ask for a notice, link evidence, acknowledge, claim, or accept the risk.

    Members of organisations claim the removal of their own cases, and do nothing else here. ``day`` of a
    claim is the one on which it was done.
    """
    person = person_of(request) if wanted.act == "claim" else _writer(request)
    try:
        _act(person, wanted)
    except PermissionDenied as error:
        raise HttpError(403, "not all of these cases are before you") from error
    return {"cases": len(wanted.cases)}


def _act(by: User, wanted: Act) -> None:
    numbers, text = wanted.cases, wanted.text
    to = get_object_or_404(selectors.workers(), pk=wanted.to) if wanted.to else None
    acts: dict[str, Callable[[], object]] = {
        "assign": lambda: work.assign(numbers, by=by, to=to),
        "due": lambda: work.set_due(numbers, by=by, day=wanted.day),
        "comment": lambda: work.comment(numbers, by=by, text=text),
        "notify": lambda: work.ask_notice(numbers, by=by),
        "link": lambda: work.add_link(numbers, by=by, label="", place=text),
        "acknowledged": lambda: services.acknowledged(numbers, by=by, reason=text),
        "claim": lambda: services.claim_removed(numbers, by=by, reason=text, at=_done_on(wanted.day)),
        "accept": lambda: services.accept_risk(numbers, by=by, reason=text, review=wanted.day),
    }
    acts[wanted.act]()


@router.get("/{key}", response=WholeOut, auth=READ, summary="One case")
def case(request: HttpRequest, key: Number) -> Any:
    """A case with its timeline, and every condition of closing it, met or not."""
    found = get_object_or_404(selectors.visible_to(person_of(request)), pk=key)
    record_reading(request, 1)
    return _whole(found, person_of(request))


def _whole(found: Case, by: User) -> dict[str, Any]:
    evidence = closing.usable(found).first()
    conditions = closing.conditions_of(found, evidence, by=by)
    return {
        "case": found,
        "facts": list(found.facts.order_by("at", "id")[:1_000]),
        "conditions": [{"text": one.text, "met": one.met, "why": one.why} for one in conditions],
    }


@router.post("", response={201: CaseOut}, auth=WRITE, summary="Open a case")
def new(request: HttpRequest, wanted: NewCase) -> Any:
    """Open a case by hand, or tell a known one that it was seen."""
    person = _writer(request)
    campaign = get_object_or_404(Campaign, key=wanted.campaign)
    server = get_object_or_404(servers_visible_to(person), pk=wanted.server)
    seen = Sighting(
        kind=wanted.kind,
        campaign=campaign.pk,
        server=server.pk,
        at=_past(wanted.at),
        url=wanted.url,
        path=wanted.path,
        sha256=wanted.sha256.lower(),
        source=Source.HAND,
        reason=wanted.reason,
    )
    number = services.found([seen], by=person)[0]
    return Status(201, get_object_or_404(selectors.visible_to(person), pk=number))


def _done_on(day: date | None) -> datetime | None:
    """The day of a claim as a moment. Raises UsageFault: it is yet to come."""
    if day is not None and day > timezone.now().date():
        raise UsageFault("a claim cannot be about the future")
    return moment_of(day)


def _past(moment: datetime | None) -> datetime:
    now = timezone.now()
    if moment is None:
        return now
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not datetime(2000, 1, 1, tzinfo=UTC) <= moment <= now:
        raise UsageFault("it was seen between 2000 and now")
    return moment


@router.post("/{key}/verify", response=WholeOut, auth=WRITE, summary="Close a case by evidence")
def verify(request: HttpRequest, key: Number, wanted: Attempt) -> Any:
    """Close as verified removed; refused, with each condition that is not met, unless all are."""
    person = _writer(request)
    found = get_object_or_404(selectors.visible_to(person), pk=key)
    services.verify(found.pk, wanted.hand_in, by=person, reason=wanted.reason)
    return _whole(get_object_or_404(selectors.visible_to(person), pk=key), person)


def _writer(request: HttpRequest) -> User:
    person = person_of(request)
    if not person.writes:
        raise HttpError(403, "only analysts and administrators work on cases")
    return person
