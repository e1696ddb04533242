"""What a behavioural rule may ask of a server page: bounds on what many requests for it add up to."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class Bounds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds on a number; a bound that is left out is none.

    Attributes:
        least: the smallest number that fits.
        most: the largest.
    """

    least: int | None = None
    most: int | None = None


class ShareBounds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds on a share, from 0 to 1; a bound that is left out is none.

    Attributes:
        least: the smallest share that fits.
        most: the largest.
    """

    least: float | None = None
    most: float | None = None


class After(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when on a page must have been answered first.

    Attributes:
        after: a day (ISO 8601, from its begin in UTC), or ``exposure`` for that of the pack's
            ``first_exploited``.
    """

    after: str


class Behaviour(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the requests for one server page, which is none of a product's own, must add up to.

    A request counts as answered when its status is 2xx, as refused when it is one of the packs'
    ``absent_statuses``; others do not count. One request may stand in several logs: counts are made in every
    folder of logs, and the largest is taken.

    Attributes:
        of: ``page``, or ``page-and-client``: then counts and times are those of one client with the page.
        clients: addresses that the page answered, whoever ``of`` names; ``most`` must be given.
        answered: requests that were answered.
        refused: requests that were refused.
        tasked_share: share of the answered requests that carried a body or a query of their own.
        methods: one of the answered requests had one of these methods.
        first_answered: when the first answer was given.
        unseen_days: the logs of requests reach back this many days at least before the first answer.
    """

    of: str = "page"
    clients: Bounds
    answered: Bounds = Bounds(least=1)
    refused: Bounds = Bounds()
    tasked_share: ShareBounds = ShareBounds()
    methods: tuple[str, ...] = ()
    first_answered: After | None = None
    unseen_days: int | None = None


EXPOSURE = "exposure"
"""The word for the begin of the exposure window."""


def day_named(after: After, exposure: date | None) -> date | None:
    """Give the day from which on the first answer counts, or None when it names none.

    Args:
        after: as a rule says it.
        exposure: the begin of the exposure window, or None when the pack cites none.
    """
    if after.after == EXPOSURE:
        return exposure
    try:
        return date.fromisoformat(after.after)
    except ValueError:
        return None
