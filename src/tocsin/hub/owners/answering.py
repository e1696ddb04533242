"""What an owner says by a link: kept word for word, and taken for a word. It closes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.census.bulk import writing
from tocsin.hub.constituency.models import Contact
from tocsin.hub.exposure.models import Decision
from tocsin.hub.exposure.services import Ruling, hear
from tocsin.hub.owners.models import Answer, Nonce, OwnerLink
from tocsin.hub.rules import links
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.links import Answered, Said, refuse_answer

MOST_ANSWERS = 200
"""Answers that one link may bring."""

CLAIMS = {Answered.DONE: Kind.ATTESTED, Answered.REMOVAL_CLAIMED: Kind.REMOVED}
"""Answers that are claims about a server: the chain of events takes them down as such."""


HEARERS: list[Callable[[Answer], None]] = []
"""Apps that follow what owners say add theirs in ``AppConfig.ready``: it is done in the same transaction."""


class Reply(Struct, frozen=True, kw_only=True):
    """One answer: what is said, in whose words, about which server (None for all), by which new channel."""

    kind: Answered
    text: str = ""
    server: int | None = None
    channel: str = ""
    value: str = ""


def answer(link: OwnerLink, reply: Reply, now: datetime | None = None) -> Answer:
    """Take an answer down, with what follows from it.

    A claim of removal makes a new nonce: evidence that was collected before does not carry it. A new channel
    is proposed to the analysts and replaces nothing. Opting out closes the contact's channel for ordinary
    notices; those about a compromise or a directive go by another.

    Raises:
        UsageFault: something is missing from it, the link is not about that server, or it said too much.
    """
    moment = now or timezone.now()
    _check(link, reply)
    with writing():
        row = Answer.objects.create(
            link=link,
            kind=reply.kind,
            at=moment,
            text=reply.text.strip(),
            server_id=reply.server,
            channel=reply.channel,
            value=reply.value.strip(),
        )
        record("owner answered", f"link:{link.pk}", answer=row.pk, said=reply.kind.value)
        _follow(link, row, moment)
        for hear_answer in HEARERS:
            hear_answer(row)
    return row


def _check(link: OwnerLink, reply: Reply) -> None:
    said = Said(
        kind=reply.kind, text=reply.text, server=reply.server, channel=reply.channel, value=reply.value
    )
    if (why := refuse_answer(said)) is not None:
        raise UsageFault(why)
    if reply.server is not None and not link.own_servers.filter(pk=reply.server).exists():
        raise UsageFault("this link is not about that server")
    if link.answers.count() >= MOST_ANSWERS:
        raise UsageFault("this link has brought more answers than one may", remedy="Call us.")


def _follow(link: OwnerLink, row: Answer, now: datetime) -> None:
    kind = Answered(row.kind)
    if kind in CLAIMS:
        _claim(link, row, CLAIMS[kind], now)
    if kind is Answered.REMOVAL_CLAIMED:
        Nonce.objects.create(link=link, value=links.new_nonce(), issued=now)
    if kind is Answered.OPT_OUT and link.contact_id is not None:
        Contact.objects.filter(pk=link.contact_id, opted_out=None).update(opted_out=now)


def _claim(link: OwnerLink, row: Answer, kind: Kind, now: datetime) -> None:
    """Servers that left the campaign meanwhile have no standing: there the answer alone is kept."""
    about = link.own_servers.filter(standings__campaign=link.campaign_id)
    servers = about.filter(pk=row.server_id) if row.server_id else about
    numbers = list(servers.values_list("pk", flat=True))
    if numbers:
        reason = f"the owner says so (answer {row.pk}): {row.text}"[:5_000]
        ruling = Ruling(kind=kind, reason=reason, at=min(now, timezone.now()))
        hear(actor=f"link:{link.pk}", campaign=link.campaign, servers=numbers, ruling=ruling)


def opened(link: OwnerLink, now: datetime) -> None:
    """Note that somebody pressed the button; where a removal was claimed since, give a new nonce."""
    OwnerLink.objects.filter(pk=link.pk, opened=None).update(opened=now)
    OwnerLink.objects.filter(pk=link.pk).update(last_opened=now)
    newest = link.nonces.order_by("-issued", "-id").first()
    claims = Decision.objects.filter(
        server__owner_links=link, campaign=link.campaign_id, kind=Kind.REMOVED, superseded_by=None
    )
    claimed = claims.aggregate(last=Max("at"))["last"]
    if newest is None or (claimed is not None and newest.issued < claimed):
        Nonce.objects.create(link=link, value=links.new_nonce(), issued=now)


def handled(row: Answer, *, by: User) -> None:
    """Say that somebody here took an answer up.

    Raises:
        PermissionDenied: the person may not.
    """
    if not by.writes:
        raise PermissionDenied
    if Answer.objects.filter(pk=row.pk, handled=None).update(handled=timezone.now(), handled_by=by):
        record("answer handled", f"answer:{row.pk}", by=by)
