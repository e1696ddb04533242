"""Subscriptions by mail: asked for by anybody, begun by whoever reads that mailbox, ended by one POST.

The hub says the same whether or not it knows an address. Links carry a signature, so that a made-up one
costs no query. One-click ending is RFC 8058's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from tocsin.errors import UsageFault
from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.advisories.addresses import absolute, page
from tocsin.hub.advisories.models import Subscriber, Version
from tocsin.hub.advisories.selectors import publisher
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.services import Channel, Draft, Purpose, cancel, queue
from tocsin.hub.rules.tlp import LABELS, Tlp, Way, may

CONFIRM, END = "advisories.confirm", "advisories.end"
OPEN_FOR = timedelta(days=3)
ASKED_AT_MOST = 3
"""Mails that one address is sent in a day because somebody typed it into the form."""

PIECE = 500
LIST = "advisories"
RECENT = timedelta(days=30)


def ask(address: str, *, now: datetime | None = None) -> None:
    """Send a mail with a link that begins a subscription, unless the address has one already.

    Raises:
        UsageFault: no mail can be sent to such an address.
    """
    address, moment = address.strip().lower(), now or timezone.now()
    if not within(f"subscribe {address}", ASKED_AT_MOST, seconds=24 * 3600):
        return
    with transaction.atomic():
        row = _waiting(address, moment)
        if row.state == Subscriber.WAITING:
            queue([_confirmation(row, moment)])


def _waiting(address: str, now: datetime) -> Subscriber:
    fields = {"state": Subscriber.WAITING, "nonce": get_random_string(32), "asked": now}
    try:
        with transaction.atomic():
            row, new = Subscriber.objects.get_or_create(address=address, defaults=fields)
    except IntegrityError:  # the same, at the same instant
        return Subscriber.objects.get(address=address)
    if not new and row.state == Subscriber.WAITING:
        row.asked = now
        row.save(update_fields=["asked"])
    return row


def _confirmation(row: Subscriber, now: datetime) -> Draft:
    link = absolute(reverse("confirm-subscription", args=[_token(row, CONFIRM)]))
    speaker = publisher()
    name = speaker.name if speaker else "this hub"
    text = (
        f"Somebody, probably you, asked for the advisories of {name} by mail.\n\n"
        f"Open this page and press the button to begin:\n{link}\n\n"
        "If it was not you, do nothing: you will hear no more.\n"
    )
    key = f"subscription:{row.pk}:{row.nonce[:8]}:{now:%Y%m%d%H%M%S%f}"
    return Draft(
        key=key,
        channel=Channel.EMAIL,
        address=row.address,
        purpose=Purpose.SUBSCRIPTION,
        subject="Confirm that you want advisories by mail",
        text=text,
        urgency=2,
    )


def _token(row: Subscriber, salt: str) -> str:
    return signing.dumps([row.pk, row.nonce], salt=salt)


def end_token(row: Subscriber) -> str:
    """What stands in the link that ends a subscription."""
    return _token(row, END)


def _of(token: str, salt: str, age: timedelta | None) -> Subscriber | None:
    try:
        number, nonce = signing.loads(token, salt=salt, max_age=age)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Subscriber.objects.filter(pk=number, nonce=nonce).first()


def waiting_for(token: str) -> Subscriber | None:
    """Whom a link of confirmation is for, while it is good."""
    return _of(token, CONFIRM, OPEN_FOR)


def confirm(token: str, *, now: datetime | None = None) -> bool:
    """Begin a subscription. Tells whether the link was good."""
    row = waiting_for(token)
    if row is None:
        return False
    begun = Subscriber.objects.filter(pk=row.pk, state=Subscriber.WAITING)
    begun.update(state=Subscriber.CONFIRMED, confirmed=now or timezone.now())
    return True


def genuine(token: str) -> bool:
    """Whether the hub made this link of ending, be the subscription there or gone."""
    try:
        signing.loads(token, salt=END)
    except signing.BadSignature:
        return False
    return True


def end(token: str) -> bool:
    """End a subscription: the address is forgotten, its mail cancelled. Tells whether the link is ours."""
    if not genuine(token):
        return False
    if row := _of(token, END, None):
        _forget(row)
    return True


def remove(row: Subscriber, *, by: User) -> None:
    """End somebody's subscription for him; the record names no address."""
    _forget(row)
    record("subscriber removed", "subscribers", by=by)


def _forget(row: Subscriber) -> None:
    with transaction.atomic():
        recent = Version.objects.filter(at__gte=timezone.now() - RECENT).values_list("pk", flat=True)
        cancel([_key(version, row) for version in recent])
        row.delete()


def end_unwanted() -> bool:
    """The chore: end subscriptions whose mail a receiver marked as unwanted. Tells whether there were any.

    Mail systems tell of that mark only by a complaint (RFC 5965, `outbox.returns`): it asks for the same as
    the link does. Who has begun anew since is left alone.
    """
    marked = Message.objects.filter(
        purpose=Purpose.ADVISORY, complained__isnull=False, address=OuterRef("address")
    )
    rows = Subscriber.objects.filter(state=Subscriber.CONFIRMED).filter(
        Exists(marked.filter(complained__gte=OuterRef("confirmed")))
    )
    ended = list(rows[:PIECE])
    for row in ended:
        _forget(row)
        record("subscriber complained", "subscribers")
    return bool(ended)


def set_community(row: Subscriber, *, community: bool, by: User) -> None:
    """Say that an address belongs to the community, and so may get TLP:GREEN; or no longer.

    Raises:
        UsageFault: nobody has confirmed it.
    """
    if row.state != Subscriber.CONFIRMED:
        raise UsageFault("this address has not been confirmed")
    row.community = community
    row.save(update_fields=["community"])
    record("subscriber's community", f"subscriber:{row.pk}", by=by, community=community)


def _key(version: int, row: Subscriber) -> str:
    return f"advisory:{version}:{row.pk}"


def mail() -> bool:
    """The chore: queue the next mails of the first version that still has some. Tells whether there were."""
    with transaction.atomic():
        version = _next()
        if version is None:
            return False
        some = list(_readers(version)[:PIECE])
        queue([_draft(version, row) for row in some])
        _noted(version, some)
    return True


def _next() -> Version | None:
    waiting = Version.objects.select_for_update(of=("self",)).filter(mailed=None)
    return waiting.select_related("advisory").order_by("id").first()


def _readers(version: Version) -> Any:
    """Confirmed before it was published, and not yet written to."""
    if not may(version.tlp, Way.COMMUNITY):
        return Subscriber.objects.none()
    rows = Subscriber.objects.filter(
        state=Subscriber.CONFIRMED, confirmed__lte=version.at, pk__gt=version.mail_after
    )
    return (rows if version.tlp == Tlp.CLEAR else rows.filter(community=True)).order_by("pk")


def _noted(version: Version, some: list[Subscriber]) -> None:
    row = Version.objects.filter(pk=version.pk)
    if len(some) < PIECE:
        row.update(mailed=timezone.now())
    else:
        row.update(mail_after=some[-1].pk)


def _draft(version: Version, row: Subscriber) -> Draft:
    """Plain text: title, summary, numbers, the page. The text itself is read there, in its newest version."""
    end_link = absolute(reverse("end-subscription", args=[end_token(row)]))
    return Draft(
        key=_key(version.pk, row),
        channel=Channel.EMAIL,
        address=row.address,
        purpose=Purpose.ADVISORY,
        subject=_subject(version),
        text=_body(version) + f"\n-- \nNo more advisories by mail: {end_link}\n",
        list_id=LIST,
        headers={"List-Unsubscribe": f"<{end_link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        urgency=4,
    )


def _subject(version: Version) -> str:
    again = "" if version.number == 1 else f" (version {version.number})"
    return f"[{LABELS[Tlp(version.tlp)]}] {version.content.title[:300]}{again}"


def _body(version: Version) -> str:
    content = version.content
    parts = [
        LABELS[Tlp(version.tlp)],
        f"{version.advisory.number}, version {version.number}, {version.at:%Y-%m-%d %H:%M} UTC",
        content.title,
        content.summary,
        ", ".join(cve for cve, _ in content.cves),
        f"Read it: {page(version.advisory.slug)}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
