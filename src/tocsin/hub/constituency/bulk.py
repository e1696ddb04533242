"""The same change to many organisations: which ones were meant, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import QueryDict

from tocsin.hub.accounts.models import User
from tocsin.hub.constituency import selectors, services
from tocsin.hub.constituency.lists import ORGANISATIONS
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.listing.lists import read

MOST = 1_000
"""Organisations that are changed at once: each leaves an act of its own."""
CHANGE, VERIFIED = "change", "verified"
ACTIONS = ((CHANGE, "Sector, place or parent"), (VERIFIED, "Contacts verified"))


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The organisations that somebody means: their keys, and whether there are too many to change at once."""

    organisations: Sequence[int]
    too_many: bool


def chosen(user: User, posted: QueryDict) -> Chosen:
    """The organisations of the rows that were posted: those chosen by hand, or all that the filter gives.

    Raises:
        BadRequest: the rows or the filter cannot be read.
    """
    rows = selectors.visible_to(user)
    if posted.get("which") == "all":
        asked = read(ORGANISATIONS, QueryDict(posted.get("query", "").lstrip("?")))
        if asked.faults:
            raise BadRequest(" ".join(asked.faults))
        rows = asked.met_by(rows)
    else:
        rows = rows.filter(pk__in=_numbers(posted.getlist("chosen")))
    found = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    return Chosen(organisations=found[:MOST], too_many=len(found) > MOST)


def _numbers(texts: list[str]) -> list[int]:
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):  # noqa: PLR2004 - 63 bits
        raise BadRequest("The chosen rows cannot be read.")
    return [int(text) for text in texts[: MOST + 1]]


@transaction.atomic
def change(user: User, organisations: Sequence[int], values: Mapping[str, Any]) -> int:
    """Give organisations the same ``values``, all of them or none; gives how many became different.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: no such sector, or one would stand above itself.
    """
    if not user.writes:
        raise PermissionDenied
    changed = 0
    for row in Organisation.objects.filter(pk__in=organisations).order_by("pk").select_related("parent"):
        before = [getattr(row, name) for name in values]
        for name, value in values.items():
            setattr(row, name, value)
        if before != [getattr(row, name) for name in values]:
            services.save_organisation(row, by=user)
            changed += 1
    return changed


@transaction.atomic
def verify(user: User, organisations: Sequence[int]) -> int:
    """Note that somebody made sure of every usable contact of organisations; gives how many there were.

    Raises:
        PermissionDenied: the person may not write.
    """
    if not user.writes:
        raise PermissionDenied
    rows = Contact.objects.filter(organisation__in=organisations, pk__in=selectors.usable().values("pk"))
    found = list(rows.order_by("pk"))
    for row in found:
        services.mark_contact(row, "verified", by=user)
    return len(found)
