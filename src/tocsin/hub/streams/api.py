"""Events for programs: pulled, streamed, or sent to where one subscribed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.models import Token, User
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.streams import live, services, surroundings
from tocsin.hub.streams.selectors import Batch, events_after, newest, shown, subscriptions_visible_to

PREFIX = "/streams"
router = Router()
READ, WRITE = Bearer(Scope.STREAMS_READ), Bearer(Scope.STREAMS_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
Place = Annotated[int, Field(ge=0, lt=2**63, description="The last event that you have; 0 for all.")]
Kind = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$")]
Key = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9-]*$")]


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


class EventsOut(Schema):
    """Events in their order; ``next`` is the place to ask after next time."""

    items: list[EventOut]
    next: int


class Wanted(Schema):
    """Which events, and whether to wait for one."""

    after: Place | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 200
    wait: Annotated[int, Field(ge=0, le=surroundings.LONGEST, description="Seconds to wait for one.")] = 0
    kind: Kind | None = None
    campaign: Key = ""
    form: Literal["json", "lines"] = "json"


class Begin(Schema):
    """Where a stream begins; from now on, if left out."""

    after: Place | None = None


class SubscriptionIn(Schema):
    """Where events are to go."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    url: Annotated[str, Field(min_length=1, max_length=500)]
    kinds: Annotated[list[Kind], Field(max_length=50)] = []
    campaign: Key = ""


class SubscriptionOut(Schema):
    """A receiver; ``why`` says what disabled it."""

    id: int
    name: str
    url: str
    kinds: list[str]
    campaign: str
    cursor: int
    created: datetime
    active: bool
    failures: int
    next_try: datetime
    why: str


class SubscriptionMade(SubscriptionOut):
    """A receiver with the secret of its signatures, which is shown this once."""

    secret: str


@router.get("/events", response=EventsOut, auth=READ, summary="Events after one")
def events(request: HttpRequest, asked: Query[Wanted]) -> Any:
    """Events that this token's person may see, the oldest first. Members see those of their own servers.

    With ``wait`` the answer comes as soon as there is one; where too many wait already, at once.
    """
    person, token = person_of(request), _token(request)
    start = newest() if asked.after is None else asked.after
    found = [_batch(person, asked, start)]
    seconds = min(asked.wait, surroundings.stream_seconds())
    if seconds and not found[0].events and live.SLOTS.take(person.pk):
        try:
            live.awaited(token, lambda user: _look(user, asked, found), seconds)
        finally:
            live.SLOTS.give_back(person.pk)
    record_reading(request, len(found[-1].events))
    return _answered(found[-1], asked.form)


def _token(request: HttpRequest) -> Token:
    token: Token = request.auth  # type: ignore[attr-defined]  # set by the door
    return token


def _batch(user: User, asked: Wanted, after: int) -> Batch:
    kinds = [asked.kind] if asked.kind else []
    return events_after(user, after, most=asked.limit, kinds=kinds, only=asked.campaign)


def _look(user: User, asked: Wanted, found: list[Batch]) -> bool:
    found.append(_batch(user, asked, found[-1].looked))
    return bool(found[-1].events)


def _answered(batch: Batch, form: str) -> Any:
    rows = [shown(event) for event in batch.events]
    if form == "json":
        return {"items": rows, "next": batch.looked}
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    answer = HttpResponse(lines, content_type="application/x-ndjson")
    answer["Tocsin-Next"] = str(batch.looked)
    return answer


@router.get("/live", auth=READ, summary="Events as they come")
def live_events(request: HttpRequest, asked: Query[Begin]) -> Any:
    """Server-sent events. The stream ends within a minute; come back with the header ``Last-Event-ID``."""
    token = _token(request)
    start = newest() if asked.after is None else asked.after
    seen = request.headers.get("Last-Event-ID", "")
    if seen.isascii() and seen.isdigit() and len(seen) < len(str(2**63)):
        start = int(seen)
    if not live.SLOTS.take(token.user_id):
        raise HttpError(429, "too many streams are open; ask /api/streams/events instead, or come back")
    record_reading(request, None)
    stream = live.Stream(token, start, surroundings.stream_seconds(), slots=live.SLOTS)
    answer = StreamingHttpResponse(stream, content_type="text/event-stream")
    answer["Cache-Control"] = "no-store"
    answer["X-Accel-Buffering"] = "no"
    return answer


@router.get("/subscriptions", response=Items[SubscriptionOut], auth=READ, summary="Receivers")
def subscriptions(request: HttpRequest, asked: Query[Asked]) -> Any:
    """This person's receivers; administrators see everybody's."""
    return items(subscriptions_visible_to(person_of(request)), asked, ("id",))


@router.post("/subscriptions", response={201: SubscriptionMade}, auth=WRITE, summary="Subscribe")
def subscribe(request: HttpRequest, wanted: SubscriptionIn) -> Any:
    """Send events, from now on, to an https address."""
    try:
        row, secret = services.subscribe(
            person_of(request), name=wanted.name, url=wanted.url, kinds=wanted.kinds, campaign=wanted.campaign
        )
    except PermissionDenied as error:
        raise HttpError(403, "administrators and members of organisations subscribe") from error
    shown_row = {name: getattr(row, name) for name in SubscriptionOut.model_fields}
    return Status(201, {**shown_row, "secret": secret})


@router.post(
    "/subscriptions/{number}/enable", response=SubscriptionOut, auth=WRITE, summary="Enable a receiver"
)
def enable(request: HttpRequest, number: Number, *, from_now: bool = False) -> Any:
    """Try again, from where it stopped or from now on."""
    row = _own(request, number)
    services.enable(row, by=person_of(request), from_now=from_now)
    return row


@router.delete("/subscriptions/{number}", response={204: None}, auth=WRITE, summary="Unsubscribe")
def unsubscribe(request: HttpRequest, number: Number) -> Any:
    """Send nothing more; the log goes, too."""
    services.unsubscribe(_own(request, number), by=person_of(request))
    return Status(204, None)


def _own(request: HttpRequest, number: int) -> Any:
    return get_object_or_404(subscriptions_visible_to(person_of(request)), pk=number)
