"""Which messages are meant when many are chosen on the list, and what may be done to them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from django.core.exceptions import BadRequest
from django.http import QueryDict

from tocsin.hub.accounts.models import User
from tocsin.hub.listing.lists import read
from tocsin.hub.outbox import by_hand, services
from tocsin.hub.outbox.lists import MESSAGES
from tocsin.hub.outbox.selectors import visible_to

MOST = 5_000
LONGEST_NUMBER = 18


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The messages that somebody means: their numbers, and whether more than may be changed at once."""

    messages: list[int]
    too_many: bool


def _cancel(user: User, numbers: list[int]) -> int:
    return services.cancel(numbers, by=user)


def _hold(user: User, numbers: list[int]) -> int:
    return by_hand.keep_back(numbers, by=user)


def _let_go(user: User, numbers: list[int]) -> int:
    return by_hand.let_go(numbers, by=user)


ACTIONS: dict[str, tuple[str, Callable[[User, list[int]], int]]] = {
    "hold": ("Hold", _hold),
    "let-go": ("Let go", _let_go),
    "cancel": ("Cancel", _cancel),
}
BUTTONS = tuple((key, words) for key, (words, _) in ACTIONS.items())


def chosen(user: User, posted: QueryDict) -> Chosen:
    """The messages of the rows that were posted: those chosen by hand, or all that the filter gives.

    Raises:
        BadRequest: the rows or the filter cannot be read.
    """
    rows = visible_to(user)
    if posted.get("which") == "all":
        asked = read(MESSAGES, QueryDict(posted.get("query", "").lstrip("?")))
        if asked.faults:
            raise BadRequest(" ".join(asked.faults))
        rows = asked.met_by(rows)
    else:
        rows = rows.filter(pk__in=numbers(posted.getlist("chosen")))
    found = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    return Chosen(messages=found[:MOST], too_many=len(found) > MOST)


def numbers(texts: list[str]) -> list[int]:
    """Numbers of rows, as a form posts them.

    Raises:
        BadRequest: one of them is none.
    """
    if not all(text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER for text in texts):
        raise BadRequest("The chosen rows cannot be read.")
    return [int(text) for text in texts[:MOST]]
