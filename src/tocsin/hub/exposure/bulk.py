"""Decisions about many servers of one campaign: which ones were meant, and doing it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.core.exceptions import BadRequest
from django.http import QueryDict

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census import services as census
from tocsin.hub.exposure import selectors, services
from tocsin.hub.exposure.lists import STANDINGS
from tocsin.hub.listing.lists import read

MOST = services.MOST_AT_ONCE
REMATCH = "rematch"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The servers that somebody means: their keys, and whether there are more than may be decided at once."""

    servers: Sequence[int]
    too_many: bool


def chosen(user: User, campaign: Campaign, posted: QueryDict) -> Chosen:
    """The servers of the rows that were posted: those chosen by hand, or all that the filter gives.

    Raises:
        BadRequest: the rows or the filter cannot be read.
    """
    rows = selectors.visible_to(user).filter(campaign=campaign)
    if posted.get("which") == "all":
        asked = read(STANDINGS, QueryDict(posted.get("query", "").lstrip("?")))
        if asked.faults:
            raise BadRequest(" ".join(asked.faults))
        rows = asked.met_by(rows)
    else:
        rows = rows.filter(pk__in=_numbers(posted.getlist("chosen")))
    found = list(rows.order_by("server_id").values_list("server_id", flat=True)[: MOST + 1])
    return Chosen(servers=found[:MOST], too_many=len(found) > MOST)


def _numbers(texts: list[str]) -> list[int]:
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):  # noqa: PLR2004 - 63 bits
        raise BadRequest("The chosen rows cannot be read.")
    return [int(text) for text in texts[:MOST]]


def rematch(user: User, servers: Sequence[int]) -> None:
    """Match owners anew, and fold what follows from it. Only for people who may write."""
    if not user.writes:
        raise BadRequest("Only analysts and administrators match owners.")
    census.refold(servers)
