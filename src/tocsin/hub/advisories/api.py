"""Advisories for programs. What is TLP:RED, as draft or published, is answered to nobody here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.advisories import selectors, services
from tocsin.hub.advisories.models import Advisory, Version
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.advisory import Content, State
from tocsin.hub.rules.permissions import Scope

PREFIX = "/advisories"
router = Router()
READ, WRITE = Bearer(Scope.ADVISORIES_READ), Bearer(Scope.ADVISORIES_WRITE)
Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,80}$")]
Line = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f]*$")]
Pair = tuple[Line, Line]
Rows = Annotated[list[Pair], Field(max_length=400)]
Tlp = Literal["clear", "green", "amber", "amber+strict", "red"]


class ContentGiven(Schema):
    """What an advisory says. Tables are rows of cells, in the order of the form on the page."""

    title: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    summary: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""
    text: Annotated[str, Field(max_length=100_000, pattern=r"^[^\x00]*$", description="Markdown.")] = ""
    severity: Literal["unknown", "low", "moderate", "important", "critical"] = "unknown"
    tlp: Tlp = "clear"
    cves: Rows = []
    products: Annotated[list[tuple[Line, Line, Line, Line, Line]], Field(max_length=400)] = []
    mitigations: Rows = []
    steps: Rows = []
    sources: Rows = []


class AdvisoryOut(Schema):
    """An advisory: its draft's title, state and mark, and its last published version (0: none).

    Of the draft nothing is told to who does not work at the hub: all of it is of the published version then.
    """

    slug: str
    number: str
    title: str
    state: str
    tlp: str
    version: int
    published_tlp: str
    published: datetime | None
    withdrawn: bool
    changed: datetime
    edited: int


def _told(request: HttpRequest, row: Advisory) -> Advisory:
    """An advisory as this person may see it: it is not saved again."""
    if not selectors.works(request.user):
        row.title, row.tlp, row.edited = row.published_title, row.published_tlp, 0
        row.state = State.WITHDRAWN if row.withdrawn else State.PUBLISHED
        row.changed = row.published or row.changed
    return row


class VersionOut(Schema):
    """A published version."""

    number: int
    at: datetime
    tlp: str
    summary: str
    withdrawal: bool
    content: dict[str, Any]


class Begin(Schema):
    """From a campaign's pack, with another title if one is given."""

    campaign: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
    title: Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")] = ""


class Edit(Schema):
    """All of the draft; ``edited`` is the number of the draft that it replaces."""

    content: ContentGiven
    edited: Annotated[int, Field(ge=1, le=2**31)]


class Publish(Schema):
    """What changed, and which draft is meant."""

    summary: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    edited: Annotated[int, Field(ge=1, le=2**31)]
    mail: bool = True


class Withdraw(Schema):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00]*$")]


def _found(request: HttpRequest, slug: str) -> Advisory:
    return get_object_or_404(selectors.exported_to(request.user), slug=slug)


@router.get("", response=Items[AdvisoryOut], auth=READ, summary="Advisories")
def advisories(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Last changed first."""
    works = selectors.works(request.user)
    answer = items(
        selectors.exported_to(request.user), asked, ("-changed", "-id") if works else ("-published", "-id")
    )
    return {**answer, "items": [_told(request, row) for row in answer["items"]]}


@router.post("", response={201: AdvisoryOut}, auth=WRITE, summary="Begin an advisory")
def begin(request: HttpRequest, wanted: ContentGiven) -> Any:
    """A draft that nobody outside sees."""
    return Status(201, services.create(_content(wanted), by=person_of(request)))


def _content(given: ContentGiven) -> Content:
    return msgspec.convert(given.dict(), Content)


@router.post("/from-campaign", response={201: AdvisoryOut}, auth=WRITE, summary="Begin from a campaign")
def begin_from(request: HttpRequest, wanted: Begin) -> Any:
    """A draft with all that the campaign's pack knows."""
    campaign = get_object_or_404(Campaign, key=wanted.campaign)
    content = services.prefilled(campaign)
    named = msgspec.structs.replace(content, title=wanted.title) if wanted.title.strip() else content
    return Status(201, services.create(named, by=person_of(request), campaign=campaign))


@router.get("/{slug}", response=AdvisoryOut, auth=READ, summary="One advisory")
def advisory(request: HttpRequest, slug: Slug) -> Any:
    """Where it stands."""
    return _told(request, _found(request, slug))


@router.get("/{slug}/draft", response=ContentGiven, auth=WRITE, summary="The draft")
def draft(request: HttpRequest, slug: Slug) -> Any:
    """What the next version says so far."""
    return _found(request, slug).draft


@router.put("/{slug}/draft", response=AdvisoryOut, auth=WRITE, summary="Save the draft")
def edit(request: HttpRequest, slug: Slug, wanted: Edit) -> Any:
    """Nobody's newer draft is overwritten."""
    row = _found(request, slug)
    return services.edit(row, _content(wanted.content), by=person_of(request), edited=wanted.edited)


@router.get("/{slug}/versions", response=list[VersionOut], auth=READ, summary="Its versions")
def versions(request: HttpRequest, slug: Slug) -> Any:
    """Every published version that reaches the token's person, newest first; none that was TLP:RED."""
    rows = selectors.versions_exported_to(request.user, _found(request, slug))
    return [_shown(row) for row in rows]


def _shown(row: Version) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in VersionOut.model_fields if name != "content"}
    return {**fields, "content": row.body}


@router.get("/{slug}/csaf", response={200: dict[str, Any]}, auth=READ, summary="As CSAF 2.0")
def csaf(request: HttpRequest, slug: Slug) -> Any:
    """The newest version's document, byte by byte as it was published."""
    row = selectors.versions_exported_to(request.user, _found(request, slug)).first()
    if row is None or not row.csaf:
        raise HttpError(404, "nothing of this is published yet")
    return HttpResponse(row.csaf, content_type="application/json")


@router.post("/{slug}/submit", response=AdvisoryOut, auth=WRITE, summary="Ask for a second look")
def submit(request: HttpRequest, slug: Slug) -> Any:
    """Somebody else publishes it then."""
    return services.submit(_found(request, slug), by=person_of(request))


@router.post("/{slug}/publish", response=AdvisoryOut, auth=WRITE, summary="Publish the draft")
def publish(request: HttpRequest, slug: Slug, wanted: Publish) -> Any:
    """As the next version: page, feeds, CSAF, mail."""
    row = _found(request, slug)
    services.publish(row, by=person_of(request), **wanted.dict())
    row.refresh_from_db()
    return row


@router.post("/{slug}/withdraw", response=AdvisoryOut, auth=WRITE, summary="Withdraw it")
def withdraw(request: HttpRequest, slug: Slug, wanted: Withdraw) -> Any:
    """It stays readable as withdrawn, with the reason."""
    if not wanted.reason.strip():
        raise UsageFault("say why it is withdrawn")
    return services.withdraw(_found(request, slug), by=person_of(request), reason=wanted.reason)
