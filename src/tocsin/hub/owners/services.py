"""Give owners links, open them, take their answers, and withdraw links. What they hand in: `handing`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.owners.models import Nonce, OwnerLink
from tocsin.hub.rules import keys, links

MOST_SERVERS = 5_000
"""Servers that one link may be about."""


@transaction.atomic
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
) -> tuple[OwnerLink, str]:
    """A link for an owner and its address, which is known now and never again.

    Args:
        organisation: for whom; a row or its number.
        servers: numbers of the servers that it is about, all of this organisation.
        campaign: in which campaign; a row or its number.
        purpose: a word of `rules.links.Purpose`.
        days: for how long it opens, 1 to `rules.links.LONGEST_DAYS`.
        by: who gives it; None for the hub itself.
        contact: whom it is sent to; opting out by the link is about this contact.
        now: the moment of giving.

    Raises:
        UsageFault: a server is not the organisation's, or purpose or days make no sense.
    """
    owner = organisation.pk if isinstance(organisation, Organisation) else organisation
    _check(owner, servers, purpose, days)
    moment, secret = now or timezone.now(), links.new_secret()
    link = OwnerLink.objects.create(
        organisation_id=owner,
        campaign_id=campaign.pk if isinstance(campaign, Campaign) else campaign,
        contact_id=contact.pk if isinstance(contact, Contact) else contact,
        purpose=purpose,
        digest=keys.digest(secret),
        created=moment,
        expires=moment + timedelta(days=days),
        by=by,
    )
    link.servers.set(servers)
    Nonce.objects.create(link=link, value=links.new_nonce(), issued=moment)
    record("owner link made", f"link:{link.pk}", by=by, organisation=owner, servers=len(servers), days=days)
    return link, address_of_link(secret)


def _check(owner: int, servers: Sequence[int], purpose: str, days: int) -> None:
    if purpose not in set(links.Purpose):
        raise UsageFault(f"no such purpose: {purpose}", remedy=f"There are: {', '.join(links.Purpose)}.")
    if not 1 <= days <= links.LONGEST_DAYS:
        raise UsageFault(f"a link lives between 1 and {links.LONGEST_DAYS} days")
    wanted = set(servers)
    if not 0 < len(wanted) <= MOST_SERVERS:
        raise UsageFault(f"a link is about 1 to {MOST_SERVERS:,} servers")
    if Server.objects.filter(pk__in=wanted, organisation_id=owner).count() != len(wanted):
        raise UsageFault("a server is not of this organisation", remedy="Match its owner first.")


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
