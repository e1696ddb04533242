"""The same change to many organisations: which ones were meant, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.forms import Form
from django.http import QueryDict

from tocsin.hub.accounts.models import User
from tocsin.hub.constituency import selectors, services
from tocsin.hub.constituency.forms import ChangeForm
from tocsin.hub.constituency.lists import ORGANISATIONS
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.listing.lists import read
from tocsin.hub.lists.parts import modules

MOST = 1_000
"""Organisations that are changed at once: each leaves an act of its own."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be done to many organisations.

    Other apps have theirs in a module ``organisation_actions``, as what its ``actions`` gives.

    Attributes:
        key: how a posted form names it.
        label: words of its button in the list.
        title: of the page where it is confirmed.
        explanation: what it does, in words.
        button: words before the number of organisations.
        form: makes the form that it asks with, of what was posted or None.
        do: does it, by whom and to which organisations; gives what is said then.
    """

    key: str
    label: str
    title: str
    explanation: str
    button: str
    form: Callable[[QueryDict | None], Form]
    do: Callable[[User, Sequence[int], Form], str]


def actions() -> dict[str, Action]:
    """What can be done, by key."""
    others = (one for module in modules("organisation_actions") for one in module.actions())
    return {one.key: one for one in (CHANGE, VERIFIED, *others)}


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


def _change(user: User, organisations: Sequence[int], form: Form) -> str:
    values = {name: value for name, value in form.cleaned_data.items() if value}
    return f"{change(user, organisations, values):,} organisations were changed."


CHANGE = Action(
    key="change",
    label="Sector, place or parent",
    title="Change several organisations",
    explanation=(
        "What is left empty stays as it is. What people change is manual from then on: no import changes it "
        "back. Their servers follow by themselves, within minutes."
    ),
    button="Change",
    form=ChangeForm,
    do=_change,
)


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


def _verify(user: User, organisations: Sequence[int], form: Form) -> str:  # noqa: ARG001 - it asks nothing
    return f"{verify(user, organisations):,} contacts are noted as verified."


VERIFIED = Action(
    key="verified",
    label="Contacts verified",
    title="Contacts of several organisations are verified",
    explanation=(
        "Only say so if somebody made sure of every one of their contacts. Contacts that opted out or whose "
        "mail comes back are left alone."
    ),
    button="Verified:",
    form=Form,
    do=_verify,
)
