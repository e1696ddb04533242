"""Tokens, for programs: see, make and end those of the token's own person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from tocsin.hub.accounts import selectors, services
from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.models import Token
from tocsin.hub.accounts.services import LONGEST_TOKEN
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.permissions import Scope

PREFIX = "/tokens"
router = Router()
Number = Annotated[int, Field(ge=1, lt=2**63)]


class TokenOut(Schema):
    """A token without its key."""

    id: int
    name: str
    scopes: list[str]
    created: datetime
    expires: datetime
    revoked: datetime | None
    last_used: datetime | None


class TokenIn(Schema):
    """A token to make. It may give no scope that the asking one lacks."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    days: Annotated[int, Field(ge=1, le=LONGEST_TOKEN)] = 90


class TokenMade(TokenOut):
    """A token with its key, which is shown this once."""

    key: str


def _own(request: HttpRequest) -> Any:
    return selectors.tokens_visible_to(person_of(request)).filter(user=person_of(request))


@router.get("", response=Items[TokenOut], auth=Bearer(Scope.TOKENS_READ), summary="Own tokens")
def tokens(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Tokens of this person, oldest first."""
    return items(_own(request), asked, ("id",))


@router.post("", response={201: TokenMade}, auth=Bearer(Scope.TOKENS_WRITE), summary="Make a token")
def make_token(request: HttpRequest, wanted: TokenIn) -> Any:
    """A new token of this person, with no more scopes than the one that asks."""
    asking: Token = request.auth  # type: ignore[attr-defined]  # set by the door
    scopes = [str(scope) for scope in wanted.scopes]
    if not set(scopes) <= set(asking.scopes):
        raise HttpError(403, "a token gives no scope that it lacks")
    person = person_of(request)
    made, key = services.make_token(person, wanted.name, scopes, days=wanted.days, by=person)
    shown = {name: getattr(made, name) for name in TokenOut.model_fields}
    return Status(201, {**shown, "key": key})


@router.delete("/{number}", response={204: None}, auth=Bearer(Scope.TOKENS_WRITE), summary="End a token")
def end_token(request: HttpRequest, number: Number) -> Any:
    """End a token at once."""
    services.revoke(get_object_or_404(_own(request), pk=number), by=person_of(request))
    return Status(204, None)
