"""Standings, decisions and events, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.exposure import selectors, services
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.decisions import BY_HAND, Kind
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Compromise, Exposure

PREFIX = "/exposure"
router = Router()
READ, WRITE = Bearer(Scope.EXPOSURE_READ), Bearer(Scope.EXPOSURE_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
Text = Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]


class StandingOut(Schema):
    """Where one server stands in one campaign: exposure and compromise are two answers."""

    id: int
    server_id: int
    campaign: str
    organisation_id: int | None
    exposure: str
    compromise: str
    grade: str
    reason: str
    since: date
    opened: date
    closed: date | None
    reopened: int
    shell_seen: date | None
    contradictory: bool
    false_positive_until: date | None
    due: date | None
    last_seen: datetime
    sector: str
    country: str
    region: str
    branch: str

    @staticmethod
    def resolve_campaign(row: Any) -> str:
        """The campaign's key."""
        return str(row.campaign.key)


class EventOut(Schema):
    """One change: ``at`` is when it was so, ``recorded`` when the hub learned it."""

    id: int
    at: datetime
    recorded: datetime
    actor: str
    kind: str
    subject: str
    campaign: str
    before: str
    after: str
    detail: dict[str, Any]
    digest: str


class DecisionIn(Schema):
    """What is decided about some servers of one campaign; all of them or none."""

    campaign: Key
    servers: Annotated[list[Number], Field(min_length=1, max_length=services.MOST_AT_ONCE)]
    kind: Kind
    reason: Annotated[str, Field(min_length=1, max_length=5_000, pattern=r"^[^\x00]*$")]
    until: date | None = None


class DecidedOut(Schema):
    """Numbers of the decisions."""

    ids: list[int]


class Search(Asked):
    """Which standings of a campaign."""

    campaign: Key
    exposure: Exposure | None = None
    compromise: Compromise | None = None
    sector: Text = ""


class Since(Asked):
    """Which events: those of one server, or all."""

    server: Number | None = None


@router.get("/standings", response=Items[StandingOut], auth=READ, summary="Standings")
def standings(request: HttpRequest, asked: Query[Search]) -> Any:
    """Servers of a campaign that this token's person may see, last seen first."""
    campaign = get_object_or_404(Campaign, key=asked.campaign)
    wanted = {"exposure": asked.exposure, "compromise": asked.compromise, "sector": asked.sector}
    rows = selectors.visible_to(person_of(request)).filter(campaign=campaign)
    found = rows.filter(**{name: value for name, value in wanted.items() if value})
    answer = items(found, asked, ("-last_seen", "-id"))
    record_reading(request, len(answer["items"]))
    return answer


@router.get("/events", response=Items[EventOut], auth=READ, summary="Events")
def events(request: HttpRequest, asked: Query[Since]) -> Any:
    """The chain of events, newest first; members see those of their own servers, one at a time."""
    person = person_of(request)
    rows = selectors.events_of(person, asked.server) if asked.server else selectors.events_visible_to(person)
    answer = items(rows, asked, ("-id",))
    record_reading(request, len(answer["items"]))
    return answer


@router.post("/decisions", response={201: DecidedOut}, auth=WRITE, summary="Decide")
def decide(request: HttpRequest, wanted: DecisionIn) -> Any:
    """Decide the same about some servers. What an assessment shows is not decided by hand."""
    if wanted.kind not in BY_HAND:
        raise HttpError(400, "this is not decided by hand")
    campaign = get_object_or_404(Campaign, key=wanted.campaign)
    ruling = services.Ruling(kind=wanted.kind, reason=wanted.reason, until=wanted.until)
    try:
        ids = services.decide(by=person_of(request), campaign=campaign, servers=wanted.servers, ruling=ruling)
    except PermissionDenied as error:
        raise HttpError(403, "not all of these servers stand in this campaign before you") from error
    return Status(201, {"ids": ids})
