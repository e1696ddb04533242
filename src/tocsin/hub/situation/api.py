"""The national picture for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from tocsin.hub.accounts.doors import STAFF, Bearer, person_of
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.situation import reporting, selectors

PREFIX = "/situation"
router = Router()


@router.get("", auth=Bearer(Scope.SITUATION_READ), response=dict[str, Any], summary="How it stands")
def read(request: HttpRequest, campaign: str = "", as_of: datetime | None = None) -> dict[str, Any]:
    """The situation of a campaign, now or as the hub knew it at a moment: the report's figures, as JSON."""
    if person_of(request).role not in STAFF:
        raise HttpError(403, "the national picture is for the staff of the hub")
    chosen = selectors.campaign_named(campaign)
    if chosen is None:
        raise HttpError(404, "no such campaign")
    moment = as_of.replace(tzinfo=UTC) if as_of and as_of.tzinfo is None else as_of
    found = reporting.found_as_of(chosen, moment)
    if found is None:
        raise HttpError(404, "no census had been taken in by then")
    plain: dict[str, Any] = msgspec.to_builtins(found, str_keys=True)
    return plain
