"""Report what attackers run: keep it, find whom to write to, queue the message, follow what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.selectors import operator_texts
from tocsin.hub.accounts.services import record
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Claim
from tocsin.hub.constituency.selectors import valid_claims
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.services import queue
from tocsin.hub.relay.models import Authority, Infrastructure, Report, ReportStep
from tocsin.hub.rules import mail
from tocsin.hub.rules import relay_reports as rules
from tocsin.hub.rules.mail import Attachment, Draft, Purpose
from tocsin.hub.rules.reach import ContactRow, usable
from tocsin.hub.rules.relay import Label
from tocsin.hub.rules.relay_reports import BY_HAND, Known, Recipient, Sender, Sighting, State, may
from tocsin.hub.rules.relay_scope import networks_around, parents
from tocsin.hub.rules.words import Channel, ClaimKind

SENDER = ("reports-name", "reports-address")
LATER = timedelta(days=1)
PIECE = 500
BECAME = {
    mail.State.SENT: State.REPORTED,
    mail.State.DELIVERED: State.REPORTED,
    mail.State.BOUNCED: State.UNDELIVERABLE,
    mail.State.REFUSED: State.UNDELIVERABLE,
    mail.State.CANCELLED: State.WITHDRAWN,
}
"""What a message's state says of its report; other states say nothing yet."""
MOST_RECIPIENTS = 10


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a piece of infrastructure when it is first written down."""

    text: str
    use: rules.Use
    first: datetime
    last: datetime
    origin: str
    campaign: int | None = None
    label: Label = Label.AMBER
    public: str = ""
    note: str = ""


def sender() -> Sender | None:
    """Give who reports, as an administrator set it; None where nobody did."""
    texts = operator_texts()
    name, address = (texts.get(key, "").strip() for key in SENDER)
    return Sender(name=name, address=address) if name and address else None


@transaction.atomic
def keep(found: Found, *, by: User) -> Infrastructure:
    """Keep what attackers use. The same again widens when it was seen, and may narrow who is told.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: it is no address, name or web address, or it was last seen before it was first.
    """
    if not by.writes:
        raise PermissionDenied
    kind, value = rules.sound(found.text)
    if not found.first <= found.last <= timezone.now() + LATER:
        raise UsageFault("it was last seen before it was first seen, or in the future")
    digest = hashlib.sha256(f"{kind} {value}".encode()).hexdigest()
    here = Infrastructure.objects.filter(digest=digest).first()
    if here is not None:
        return _seen_again(here, found)
    fields = {name: getattr(found, name) for name in ("use", "label", "public", "note", "origin")}
    row = Infrastructure.objects.create(
        kind=kind,
        value=value,
        digest=digest,
        host=rules.host_of(kind, value)[:255],
        campaign_id=found.campaign,
        first_seen=found.first,
        last_seen=found.last,
        by=by,
        **fields,
    )
    record("infrastructure kept", f"infrastructure:{row.pk}", by=by, origin=found.origin)
    return row


def _seen_again(row: Infrastructure, found: Found) -> Infrastructure:
    row.first_seen, row.last_seen = min(row.first_seen, found.first), max(row.last_seen, found.last)
    row.label = max(Label(row.label), found.label, key=lambda label: label.narrowness)
    row.save(update_fields=["first_seen", "last_seen", "label"])
    return row


def victims(row: Infrastructure) -> list[Server]:
    """Give servers of the census at the same place: one that was broken into is a victim, not a culprit."""
    by_address = Q(ip=row.host) if _is_address(row.host) else Q(hostname=row.host.lower())
    return list(Server.objects.filter(by_address).select_related("organisation")[:20])


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def hosters(row: Infrastructure, now: datetime | None = None) -> list[Known]:
    """Give whom to write to, the best first, by the claims and contacts that the hub holds."""
    day = (now or timezone.now()).date()
    return rules.recipients(_contacts(row.host, day))[:MOST_RECIPIENTS]


def _contacts(host: str, day: date) -> Iterator[Known]:
    near = {place: at for at, place in enumerate(_places(host))}
    values = [value for _, value in near]
    claims = valid_claims(day).filter(value__in=values).select_related("organisation")
    for claim in claims:
        nearness = near.get((claim.kind, claim.value))
        if nearness is not None:
            yield from _of_claim(claim, nearness)


def _places(host: str) -> Iterator[tuple[str, str]]:
    """What a claim would say that holds this place, the nearest first."""
    yield ClaimKind.HOST, host
    if _is_address(host):
        yield from ((ClaimKind.CIDR, network) for network in networks_around(host))
    else:
        yield from ((ClaimKind.DOMAIN, name) for name in parents(host))


def _of_claim(claim: Claim, nearness: int) -> Iterator[Known]:
    for row in claim.organisation.contacts.filter(channel=Channel.EMAIL)[:50]:
        known = ContactRow(channel=row.channel, value=row.value, opted_out=row.opted_out, bounce=row.bounce)
        yield Known(
            organisation=claim.organisation_id,
            name=claim.organisation.name,
            contact=row.pk,
            address=row.value,
            role=row.role,
            provenance=row.provenance,
            nearness=nearness,
            usable=usable(known),
        )


def report(
    row: Infrastructure, *, by: User, contacts: Sequence[int] = (), authorities: Sequence[int] = ()
) -> list[Report]:
    """Queue a report to hosters' contacts and to law enforcement; each recipient gets one alone.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: nobody is chosen, a contact is none of this place, or the hub has no sender for reports.
    """
    if not by.writes:
        raise PermissionDenied
    if Label(row.label).narrowness > Label.AMBER.narrowness:
        raise UsageFault(f"what is marked {row.label} is told to nobody outside")
    source = sender()
    if source is None:
        raise UsageFault("the hub has no name and address for reports", remedy="An administrator sets them.")
    chosen = [*_chosen(row, contacts), *_authorities(authorities)]
    if not chosen:
        raise UsageFault("choose at least one recipient")
    with transaction.atomic():
        rows = [one for one in (_row(row, by=by, **fields) for fields in chosen) if one is not None]
        if rows:
            queue([_draft(one, source) for one in rows])
            record("infrastructure reported", f"infrastructure:{row.pk}", by=by, reports=len(rows))
    return rows


def _chosen(row: Infrastructure, contacts: Sequence[int]) -> Iterator[dict[str, Any]]:
    known = {one.contact: one for one in hosters(row)}
    kind = Recipient.HOSTER if _is_address(row.host) else Recipient.REGISTRAR
    for number in contacts:
        if number not in known:
            raise UsageFault(f"contact {number} is none of this place")
        one = known[number]
        yield {"recipient": kind, "name": one.name[:300], "address": one.address, "contact_id": number}


def _authorities(numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    found = Authority.objects.filter(active=True).in_bulk(list(numbers))
    for number in numbers:
        if number not in found:
            raise UsageFault(f"there is no authority {number}")
        yield {"recipient": Recipient.LAW, "name": found[number].name, "address": found[number].address}


def _row(infrastructure: Infrastructure, *, by: User, address: str, **fields: Any) -> Report | None:
    reference = uuid4()
    row, made = Report.objects.get_or_create(
        infrastructure=infrastructure,
        address=address.lower(),
        defaults={"reference": reference, "key": f"infrastructure-{reference}", "by": by, **fields},
    )
    if made:
        ReportStep.objects.create(report=row, before="", after=State.QUEUED, by=by)
    return row if made else None


def sighting(row: Infrastructure, reference: UUID) -> Sighting:
    """Give what a report says of it: nothing of a victim, no note of ours."""
    return Sighting(
        kind=row.kind,
        value=row.value,
        use=row.use,
        first=row.first_seen,
        last=row.last_seen,
        campaign=row.campaign.key if row.campaign else "",
        public=row.public,
        reference=str(reference),
    )


def _draft(row: Report, source: Sender) -> Draft:
    seen = sighting(row.infrastructure, row.reference)
    subject, text = rules.letter(seen, source)
    attached = Attachment(
        name="xarf.json", media_type="application/json", content=msgspec.json.encode(rules.xarf(seen, source))
    )
    return Draft(
        key=row.key,
        channel=Channel.EMAIL,
        address=row.address,
        contact=row.contact_id,
        purpose=Purpose.RELAY,
        subject=subject,
        text=text,
        attachments=(attached,),
        reply_to=source.address,
    )


@transaction.atomic
def step(row: Report, after: str, *, by: User | None, note: str = "", now: datetime | None = None) -> Report:
    """Take a report on to another state.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: that state cannot follow, with those that can.
    """
    if by is not None and not by.writes:
        raise PermissionDenied
    row = Report.objects.select_for_update(of=("self",)).select_related("infrastructure").get(pk=row.pk)
    if after not in set(State) or not may(row.state, after) or (by is not None and after not in BY_HAND):
        can = ", ".join(sorted(rules.STEPS[State(row.state)])) or "nothing"
        raise UsageFault(f"after {row.state} comes {can}")
    moment = now or timezone.now()
    ReportStep.objects.create(
        report=row, before=row.state, after=after, note=note.strip()[:1_000], by=by, at=moment
    )
    row.state = after
    if after in {State.REPORTED, State.ACKNOWLEDGED, State.ACTED, State.REFUSED}:
        setattr(row, after, getattr(row, after) or moment)
    row.save()
    return row


def follow() -> bool:
    """The chore: learn from the outbox what became of reports. Tells whether any moved."""
    messages = [*_news((mail.State.SENT, mail.State.DELIVERED), (State.QUEUED,))]
    messages += _news(
        (mail.State.BOUNCED, mail.State.REFUSED, mail.State.CANCELLED), (State.QUEUED, State.REPORTED)
    )
    rows = {row.key: row for row in Report.objects.filter(key__in=[one.key for one in messages])}
    return sum(_follow(rows[message.key], message) for message in messages) > 0


def _news(became: Sequence[mail.State], before: Sequence[State]) -> list[Message]:
    """Give messages that stand at one of these while their reports still stand before it."""
    waiting = Report.objects.filter(state__in=before).values("key")
    found = Message.objects.filter(purpose=Purpose.RELAY, state__in=became, key__in=waiting)
    return list(found.order_by("pk")[:PIECE])


def _follow(row: Report, message: Message) -> bool:
    after = BECAME[mail.State(message.state)]
    if not may(row.state, after):
        return False
    step(row, after, by=None, note=message.fault[:500], now=message.sent or timezone.now())
    return True
