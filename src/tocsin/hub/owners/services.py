"""Give owners links, open them, take their answers, and withdraw links. What they hand in: `handing`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import Deed, record, record_each
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.owners.models import Nonce, OwnerLink
from tocsin.hub.rules import keys, links

MOST_SERVERS = 5_000
"""Servers that one link may be about."""

CHUNK = 500
"""Rows that are written in one statement."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A link that is to be made.

    Attributes:
        organisation: number of the owner.
        servers: numbers of the servers that it is about, all of this organisation.
        campaign: number of the campaign.
        purpose: a word of `rules.links.Purpose`.
        days: for how long it opens, 1 to `rules.links.LONGEST_DAYS`.
        by: who gives it; None for the hub itself.
        contact: number of whom it is sent to; opting out by the link is about this contact.
    """

    organisation: int
    servers: Sequence[int]
    campaign: int
    purpose: str
    days: int
    by: User | None
    contact: int | None = None


class Made(NamedTuple):
    """A link and its address, which is known now and never again."""

    link: OwnerLink
    address: str


def make_link(  # noqa: PLR0913 - the words of a link, each by name
    *,
    organisation: Organisation | int,
    servers: Sequence[int],
    campaign: Campaign | int,
    purpose: str,
    days: int,
    by: User | None,
    contact: Contact | int | None = None,
    now: datetime | None = None,
) -> Made:
    """One link, as `Wanted` says; rows or their numbers. ``now`` is the moment of giving.

    Raises:
        UsageFault: a server is not the organisation's, or purpose or days make no sense.
    """
    wanted = Wanted(
        organisation=organisation.pk if isinstance(organisation, Organisation) else organisation,
        servers=servers,
        campaign=campaign.pk if isinstance(campaign, Campaign) else campaign,
        purpose=purpose,
        days=days,
        by=by,
        contact=contact.pk if isinstance(contact, Contact) else contact,
    )
    return make_links([wanted], now)[0]


@transaction.atomic
def make_links(wanted: Sequence[Wanted], now: datetime | None = None) -> list[Made]:
    """Links for many owners in a few statements, in the order in which they are wanted; all or none.

    Raises:
        UsageFault: a server is not its organisation's, or purpose or days of one make no sense.
    """
    _check(wanted)
    moment = now or timezone.now()
    drawn = [links.new_secret() for _ in wanted]
    rows = OwnerLink.objects.bulk_create(
        [_row(one, secret, moment) for one, secret in zip(wanted, drawn, strict=True)], batch_size=CHUNK
    )
    pairs = [(row, number) for row, one in zip(rows, wanted, strict=True) for number in set(one.servers)]
    through = OwnerLink.servers.through
    through.objects.bulk_create(
        [through(ownerlink_id=row.pk, server_id=number) for row, number in pairs], batch_size=CHUNK
    )
    nonces = [Nonce(link=row, value=links.new_nonce(), issued=moment) for row in rows]
    Nonce.objects.bulk_create(nonces, batch_size=CHUNK)
    record_each("owner link made", map(_deed, rows, wanted))
    return [Made(row, address_of_link(secret)) for row, secret in zip(rows, drawn, strict=True)]


def _row(one: Wanted, secret: str, now: datetime) -> OwnerLink:
    return OwnerLink(
        organisation_id=one.organisation,
        campaign_id=one.campaign,
        contact_id=one.contact,
        purpose=one.purpose,
        digest=keys.digest(secret),
        created=now,
        expires=now + timedelta(days=one.days),
        by=one.by,
    )


def _deed(row: OwnerLink, one: Wanted) -> Deed:
    detail = {"organisation": one.organisation, "servers": len(one.servers), "days": one.days}
    return Deed(f"link:{row.pk}", one.by, detail)


def _check(wanted: Sequence[Wanted]) -> None:
    for one in wanted:
        if one.purpose not in set(links.Purpose):
            raise UsageFault(
                f"no such purpose: {one.purpose}", remedy=f"There are: {', '.join(links.Purpose)}."
            )
        if not 1 <= one.days <= links.LONGEST_DAYS:
            raise UsageFault(f"a link lives between 1 and {links.LONGEST_DAYS} days")
        if not 0 < len(set(one.servers)) <= MOST_SERVERS:
            raise UsageFault(f"a link is about 1 to {MOST_SERVERS:,} servers")
    owners = _owners({number for one in wanted for number in one.servers})
    if any(owners.get(number) != one.organisation for one in wanted for number in one.servers):
        raise UsageFault("a server is not of this organisation", remedy="Match its owner first.")


def _owners(servers: set[int]) -> dict[int, int | None]:
    found, left = dict[int, int | None](), sorted(servers)
    for at in range(0, len(left), MOST_SERVERS):
        some = Server.objects.filter(pk__in=left[at : at + MOST_SERVERS])
        found |= dict(some.values_list("pk", "organisation_id"))
    return found


def address_of_link(secret: str) -> str:
    """The whole address of a link's page."""
    token = links.sealed(secret, settings.SECRET_KEY)
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('owner-page', args=[token])}"


@transaction.atomic
def withdraw_link(link: OwnerLink, *, by: User, reason: str) -> None:
    """Close a link at once, for good.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: no reason is given.
    """
    if not by.writes:
        raise PermissionDenied
    if not reason.strip():
        raise UsageFault("withdrawing a link needs a reason")
    values = {"withdrawn": timezone.now(), "withdrawn_by": by, "withdrawn_why": reason.strip()[:500]}
    if OwnerLink.objects.filter(pk=link.pk, withdrawn=None).update(**values):
        record("owner link withdrawn", f"link:{link.pk}", by=by, reason=reason[:500])
