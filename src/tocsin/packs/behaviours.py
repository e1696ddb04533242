"""Behavioural rules: what many requests for one server page add up to. One YAML file each in ``behaviours/``.

Sigma has no words for "asked for by few, first answered late, and none of the product's own pages", so these
files are no Sigma. They have Sigma's head, examples that prove them, and a ``behaviour`` in place of a
``detection``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from msgspec import Struct

from tocsin.errors import RuleError
from tocsin.model.words import Means
from tocsin.packs.measures import EXPOSURE, Behaviour, Bounds, ShareBounds, day_named
from tocsin.packs.rules import Head
from tocsin.packs.yaml_text import Document

MOST_CLIENTS = 50
"""A page that more clients were answered by is not rare, whatever a rule says."""
PAGE, PAGE_AND_CLIENT = "page", "page-and-client"
_LONGEST = 366
_METHOD = re.compile(r"[A-Z][A-Z_-]{0,23}")


class BehaviourRule(Struct, frozen=True, kw_only=True):
    """A behavioural rule.

    Attributes:
        head: what it says of itself.
        document: its file.
        behaviour: what it asks.
        after: the day from which on the first answer counts, or None for any.
    """

    head: Head
    document: Document
    behaviour: Behaviour
    after: date | None

    @property
    def title(self) -> str:
        """Its name, unique in the pack."""
        return self.head.title

    @property
    def most_clients(self) -> int:
        """How many clients a page may have answered at most."""
        return self.behaviour.clients.most or 0


Problem = tuple[str, str, str]
"""What is wrong, at which key of ``behaviour``, and what to do."""


def behaviour_of(head: Head, document: Document, *, exposure: date | None) -> BehaviourRule:
    """Check a behavioural rule.

    Args:
        head: as ``read_head`` gives it.
        document: its file.
        exposure: the day of the pack's ``first_exploited``, if it cites one.

    Raises:
        RuleError: the first thing that is wrong with it.
    """
    behaviour = head.behaviour
    if behaviour is None:
        raise RuleError("no behaviour.", where=document.where("title"), remedy="Add the key.")
    _check_head(head, document)
    for check in _CHECKS:
        for what, key, remedy in check(behaviour):
            raise RuleError(f"{what}.", where=document.where("behaviour", key), remedy=remedy)
    after = behaviour.first_answered
    day = day_named(after, exposure) if after else None
    if after and day is None:
        raise _no_day(after.after, document)
    return BehaviourRule(head=head, document=document, behaviour=behaviour, after=day)


def _check_head(head: Head, document: Document) -> None:
    for key in ("detection", "correlation", "logsource", "rung", "explains", "details"):
        if getattr(head, key):
            raise RuleError(
                f"{key} has no place beside behaviour.", where=document.where(key), remedy="Remove the key."
            )
    if head.means != Means.CONTEXT:
        raise RuleError(
            f"means '{head.means}': how often a page was asked for proves nothing by itself.",
            where=document.where("means"),
            remedy="Say context; a rule in rules/ may say what the page shows.",
        )


def _no_day(word: str, document: Document) -> RuleError:
    what = (
        "the pack cites no first exploitation"
        if word == EXPOSURE
        else f"'{word}' is no day and not {EXPOSURE}"
    )
    where = document.where("behaviour", "first_answered", "after")
    return RuleError(
        f"{what}.", where=where, remedy=f"Give a day as 2021-03-01, or first_exploited and {EXPOSURE}."
    )


def _subject(behaviour: Behaviour) -> Iterator[Problem]:
    if behaviour.of not in {PAGE, PAGE_AND_CLIENT}:
        yield (
            f"'{behaviour.of}' is nothing that requests are counted of",
            "of",
            f"Use {PAGE} or {PAGE_AND_CLIENT}.",
        )


def _rare(behaviour: Behaviour) -> Iterator[Problem]:
    most = behaviour.clients.most
    if most is None or not 1 <= most <= MOST_CLIENTS:
        remedy = f"Give clients: {{most: …}} from 1 to {MOST_CLIENTS}: busy pages are not followed."
        yield "the number of clients has no useful bound", "clients", remedy
    if not behaviour.answered.least:
        yield "a page that was never answered would fit", "answered", "Give answered: {least: 1} or more."


def _bounds(behaviour: Behaviour) -> Iterator[Problem]:
    for key in ("clients", "answered", "refused", "tasked_share"):
        bounds: Bounds | ShareBounds = getattr(behaviour, key)
        least, most = bounds.least or 0, bounds.most
        highest = 1 if key == "tasked_share" else None
        if least < 0 or (most is not None and most < least) or (highest and max(least, most or 0) > highest):
            yield "nothing fits these bounds", key, "Give least and most, or one of them, in this order."


def _rest(behaviour: Behaviour) -> Iterator[Problem]:
    for method in behaviour.methods:
        if not _METHOD.fullmatch(method):
            yield (
                f"'{method}' is no method as logs write it",
                "methods",
                "Write it in capitals, such as POST.",
            )
    days = behaviour.unseen_days
    if days is not None and not 1 <= days <= _LONGEST:
        yield f"{days} days", "unseen_days", f"Give from 1 to {_LONGEST}."


_CHECKS: tuple[Callable[[Behaviour], Iterator[Problem]], ...] = (_subject, _rare, _bounds, _rest)
