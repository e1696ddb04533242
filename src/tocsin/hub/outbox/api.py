"""Messages, for programs: what was written to whom, and what became of it. Nothing is written here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema
from pydantic import Field

from tocsin.hub.accounts.doors import Bearer
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.outbox import selectors, shown
from tocsin.hub.rules.mail import Purpose, State
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Channel

PREFIX = "/outbox"
router = Router()
READ = Bearer(Scope.OUTBOX_READ)
MOST = 2**63 - 1
Number = Annotated[int, Field(ge=1, le=MOST)]


class MessageOut(Schema):
    """A message and where it stands. ``in-doubt``: it may have gone out or not."""

    id: int
    key: str
    channel: str
    state: str
    purpose: str
    address: str
    contact: int | None = Field(alias="contact_id")
    organisation: int | None = Field(alias="organisation_id")
    subject: str
    message_id: str
    language: str
    urgency: int
    tries: int
    fault: str
    created: datetime
    not_before: datetime
    sent: datetime | None
    answered: datetime | None
    complained: datetime | None


class WholeOut(MessageOut):
    """A message with its text, but for what opens pages of this hub, and the names of what goes along."""

    text: str
    headers: dict[str, str]
    attachments: list[str]


class Wanted(Asked):
    """Which messages."""

    state: State | None = None
    channel: Channel | None = None
    purpose: Purpose | None = None
    organisation: Number | None = None


@router.get("/messages", response=Items[MessageOut], auth=READ, by_alias=False, summary="Messages")
def messages(request: HttpRequest, wanted: Query[Wanted]) -> Any:
    """Messages, newest first; for the staff of the hub."""
    fields = ("state", "channel", "purpose", "organisation")
    met = {name: value for name in fields if (value := getattr(wanted, name)) is not None}
    record_reading(request)
    return items(selectors.visible_to(request.user).filter(**met), wanted, ("-pk",))


@router.get("/messages/{number}", response=WholeOut, auth=READ, by_alias=False, summary="One message")
def message(request: HttpRequest, number: Path[Number]) -> Any:
    """A message by its number."""
    row = get_object_or_404(selectors.visible_to(request.user), pk=number)
    record_reading(request, 1)
    names = list(row.enclosures.order_by("pk").values_list("name", flat=True))
    fields = {name: getattr(row, field.alias or name) for name, field in MessageOut.model_fields.items()}
    aliased = {MessageOut.model_fields[name].alias or name: value for name, value in fields.items()}
    return {**aliased, "text": shown.text_of(row), "headers": shown.own_headers(row), "attachments": names}
