"""A row as the bytes that go over the wire."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.surroundings import Post, message_domain
from tocsin.hub.rules.mail import Attachment, Purpose, Sign
from tocsin.hub.rules.mail_format import Mail, entity, plain_address, whole
from tocsin.hub.rules.mail_returns import return_path
from tocsin.hub.rules.mail_sealing import encrypter
from tocsin.hub.rules.mail_setup import MailSetup

UNMANAGED = "localhost"
"""The name under which lists stand that have no domain of their own (RFC 2919, section 3)."""


class Envelope(Struct, frozen=True, kw_only=True):
    """What a mail server is given."""

    sender: str
    recipient: str
    content: bytes


def envelope(row: Message, post: Post, *, enclosed: bool = True) -> Envelope:
    """Lay out, sign and, where wanted and possible, encrypt a message.

    ``enclosed`` is False where it is known that nothing is attached.

    Raises:
        UsageFault: it cannot be written, signed or encrypted as it should be; it is not sent otherwise.
    """
    mail = as_mail(row, post.setup, attachments_of(row) if enclosed else ())
    content = whole(mail, _sealed(row, post, entity(mail)))
    if post.dkim:
        content = post.dkim.sign(content, int(mail.date.timestamp()))
    return Envelope(
        sender=return_path(post.setup.returns, row.pk, settings.SECRET_KEY),
        recipient=plain_address(row.address),
        content=content,
    )


def passing(address: str, subject: str, text: str) -> Message:
    """A message that is not kept: a test."""
    number = f"<{secrets.token_hex(16)}@{message_domain()}>"
    return Message(
        pk=0,
        address=address,
        subject=subject,
        text=text,
        message_id=number,
        purpose=Purpose.TEST,
        began=timezone.now(),
    )


def as_mail(row: Message, setup: MailSetup, attachments: tuple[Attachment, ...]) -> Mail:
    """A row as an e-mail, from the hub's own address."""
    return Mail(
        name=setup.name,
        sender=setup.address,
        to=row.address,
        subject=row.subject,
        text=row.text,
        message_id=row.message_id,
        date=row.began or timezone.now(),
        purpose=row.purpose,
        reply_to=row.reply_to,
        list_id=f"{row.list_id}.{setup.list_domain or UNMANAGED}" if row.list_id else "",
        language=row.language,
        headers=row.headers,
        attachments=attachments,
    )


def attachments_of(row: Message) -> tuple[Attachment, ...]:
    """What goes along with a message, in the order in which it was queued."""
    return tuple(
        Attachment(name=one.name, media_type=one.media_type, content=bytes(one.content))
        for one in row.enclosures.order_by("pk")
    )


def _sealed(row: Message, post: Post, part: bytes) -> bytes:
    wanted = post.setup.sign if row.sign == Sign.HUB else Sign(row.sign)
    seal = {Sign.SMIME: post.smime, Sign.PGP: post.pgp}.get(wanted)
    if wanted != Sign.NONE and seal is None:
        raise UsageFault(f"this hub has no key to sign with {wanted}", remedy="tocsin hub mail keys")
    signed = seal(part) if seal else part
    key = row.contact.key if row.encrypt and row.contact else ""
    return encrypter(key)(signed) if key.strip() else signed
