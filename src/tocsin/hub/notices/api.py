"""Batches and notices, for programs. A program makes and reads; letting go is for people, on the page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.notices import planning, selectors
from tocsin.hub.notices.models import Delivery
from tocsin.hub.notices.shown import text_of
from tocsin.hub.rules.notices import Kind, State
from tocsin.hub.rules.permissions import Scope

PREFIX = "/notices"
router = Router()
READ, WRITE = Bearer(Scope.NOTICES_READ), Bearer(Scope.NOTICES_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
LONG = r"^[^\x00]*$"


class BatchOut(Schema):
    """One batch, and what its plan comes to."""

    id: int
    campaign: str
    kind: str
    state: str
    query: str
    directive: str
    deadline: str
    created: datetime
    approved: datetime | None
    seconded: datetime | None
    released: datetime | None
    digest: str
    counts: dict[str, Any]
    trial: bool

    @staticmethod
    def resolve_campaign(row: Any) -> str:
        """The campaign's key."""
        return str(row.campaign.key)


class NoticeOut(Schema):
    """What one organisation was told. ``no-answer-yet`` is silence, and nothing else."""

    id: int
    batch_id: int
    reference: str
    organisation_id: int
    campaign: str
    kind: str
    state: str
    say: str
    urgency: int
    created: datetime
    told: datetime | None
    answered: datetime | None
    answer: str
    fixed: datetime | None

    @staticmethod
    def resolve_campaign(row: Any) -> str:
        """The campaign's key."""
        return str(row.campaign.key)


class DeliveryOut(Schema):
    """One message of a notice, word for word but for the owner's link."""

    id: int
    notice_id: int
    part: str
    channel: str
    address: str
    say: str
    why: list[str]
    subject: str
    text: str
    state: str
    fault: str

    @staticmethod
    def resolve_text(row: Any) -> str:
        """The text; an owner's link is shown nowhere."""
        return text_of(row) if isinstance(row, Delivery) else str(row.text)


class GapOut(Schema):
    """Somebody whom a batch could not tell."""

    id: int
    batch_id: int
    organisation_id: int | None
    servers: int
    reason: str


class BatchIn(Schema):
    """What is to be told, to the owners of which servers."""

    campaign: Key
    kind: Kind
    query: Annotated[str, Field(max_length=1000, pattern=LONG)] = ""
    directive: Line = ""
    deadline: Line = ""
    note: Annotated[str, Field(max_length=5_000, pattern=LONG)] = ""


class Search(Asked):
    """Which notices."""

    batch: Number | None = None
    organisation: Number | None = None
    state: State | None = None


class OfBatch(Asked):
    """Of which batch; of all without one."""

    batch: Number | None = None


@router.get("/batches", response=Items[BatchOut], auth=READ, summary="Batches")
def batches(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Batches, newest first; to staff alone."""
    return items(selectors.batches_visible_to(person_of(request)), asked, ("-created", "-id"))


@router.post("/batches", response={201: BatchOut}, auth=WRITE, summary="Plan a batch")
def make_batch(request: HttpRequest, wanted: BatchIn) -> Any:
    """A batch, to be planned. Nothing leaves before people have approved it on its page."""
    campaign = get_object_or_404(Campaign, key=wanted.campaign)
    given = wanted.dict(exclude={"campaign", "kind"})
    try:
        made = planning.create(by=person_of(request), campaign=campaign, kind=wanted.kind, **given)
    except (UsageFault, BadRequest) as fault:
        raise HttpError(400, str(fault)) from fault
    return Status(201, made)


@router.get("", response=Items[NoticeOut], auth=READ, summary="Notices")
def notices(request: HttpRequest, asked: Query[Search]) -> Any:
    """Notices that this token's person may see, newest first."""
    wanted = {"batch": asked.batch, "organisation": asked.organisation, "state": asked.state}
    rows = selectors.visible_to(person_of(request)).filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )
    answer = items(rows, asked, ("-created", "-id"))
    record_reading(request, len(answer["items"]))
    return answer


@router.get("/messages", response=Items[DeliveryOut], auth=READ, summary="Messages of notices")
def deliveries(request: HttpRequest, asked: Query[OfBatch]) -> Any:
    """Every message of notices, in the order of planning."""
    rows = selectors.deliveries_visible_to(person_of(request))
    answer = items(rows.filter(notice__batch=asked.batch) if asked.batch else rows, asked, ("id",))
    record_reading(request, len(answer["items"]))
    return answer


@router.get("/gaps", response=Items[GapOut], auth=READ, summary="Whom nobody could tell")
def gaps(request: HttpRequest, asked: Query[OfBatch]) -> Any:
    """Whom batches could not tell, newest first; to staff alone."""
    rows = selectors.gaps_visible_to(person_of(request))
    answer = items(rows.filter(batch=asked.batch) if asked.batch else rows, asked, ("-id",))
    record_reading(request, len(answer["items"]))
    return answer
