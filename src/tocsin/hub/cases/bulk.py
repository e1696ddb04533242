"""Which cases somebody means: those chosen by hand, or all that the filter gives."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.core.exceptions import BadRequest
from django.http import QueryDict

from tocsin.hub.accounts.models import User
from tocsin.hub.cases import selectors, services
from tocsin.hub.cases.lists import CASES
from tocsin.hub.listing.lists import read
from tocsin.hub.rules.cases import CaseState

MOST = services.MOST_AT_ONCE


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The cases that somebody means: their numbers, and whether there are more than may be done at once."""

    cases: Sequence[int]
    too_many: bool


def chosen(user: User, posted: QueryDict) -> Chosen:
    """The cases of the rows that were posted.

    Raises:
        BadRequest: the rows or the filter cannot be read.
    """
    rows = selectors.visible_to(user).exclude(state=CaseState.MERGED)
    if posted.get("which") == "all":
        asked = read(CASES, QueryDict(posted.get("query", "").lstrip("?")))
        if asked.faults:
            raise BadRequest(" ".join(asked.faults))
        rows = asked.met_by(rows)
    else:
        rows = rows.filter(pk__in=_numbers(posted.getlist("chosen")))
    found = list(rows.order_by("id").values_list("pk", flat=True)[: MOST + 1])
    return Chosen(cases=found[:MOST], too_many=len(found) > MOST)


def _numbers(texts: list[str]) -> list[int]:
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):  # noqa: PLR2004 - 63 bits
        raise BadRequest("The chosen rows cannot be read.")
    return [int(text) for text in texts[:MOST]]
