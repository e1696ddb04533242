"""A message as bytes (RFC 5322, 2045 to 2047, 2231), by Python's own package: what goes over the wire.

The text is plain, with no picture, no link of ours and nothing fetched from anywhere: nobody learns from a
mail of the hub whether it was opened. All is 7-bit, so that no server on the way need change what is signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from msgspec import Struct, field

from tocsin.errors import UsageFault
from tocsin.hub.rules.mail import Attachment, Purpose

WIRE = SMTP.clone(cte_type="7bit")
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\Z")
HEADER_START = re.compile(r"^[!-9;-~]+: ?", re.MULTILINE)
LONGEST_LOCAL = 64
LONGEST_LINE = 76
BY_HAND = frozenset({Purpose.TEST})


class Mail(Struct, frozen=True, kw_only=True):
    """An e-mail before it is written out. Addresses are plain ``local@domain``."""

    name: str
    sender: str
    to: str
    subject: str
    text: str
    message_id: str
    date: datetime
    purpose: str
    reply_to: str = ""
    list_id: str = ""
    language: str = "en"
    headers: dict[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


def plain_address(text: str) -> str:
    """An address as the envelope takes it: ASCII, the domain in its own letters (IDNA).

    Raises:
        UsageFault: mail cannot be sent to it without extensions that many servers lack.
    """
    local, _, domain = text.rpartition("@")
    try:
        host = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError as error:
        raise UsageFault(f"{domain[:80]!r} is no domain") from error
    if not LOCAL.match(local) or len(local) > LONGEST_LOCAL or not HOST.match(host):
        raise UsageFault(f"{text[:80]!r} is no plain mail address")
    return f"{local}@{host.lower()}"


def entity(mail: Mail) -> bytes:
    """Text and attachments as a MIME entity, its own headers before it: what S/MIME and OpenPGP sign."""
    message = EmailMessage(WIRE)
    message.set_content(mail.text if mail.text.endswith("\n") else mail.text + "\n", cte=_encoding(mail.text))
    message["Content-Language"] = mail.language
    for one in mail.attachments:
        kind, _, rest = one.media_type.partition("/")
        if kind in {"message", "multipart"}:
            kind, rest = "application", "octet-stream"
        message.add_attachment(one.content, maintype=kind, subtype=rest, filename=one.name)
    del message["MIME-Version"]
    return message.as_bytes()


def _encoding(text: str) -> str:
    """Quoted-printable where most is ASCII, base64 elsewhere; both survive every server on the way."""
    strange = sum(not letter.isascii() for letter in text)
    return "base64" if strange * 4 > len(text) else "quoted-printable"


def whole(mail: Mail, part: bytes) -> bytes:
    """The message: headers, then an entity (signed, encrypted or as it was).

    Raises:
        UsageFault: an address or a header cannot be written.
    """
    lines = [
        _sender(mail.name, mail.sender),
        f"To: {plain_address(mail.to)}",
        _subject(mail.subject),
        f"Date: {format_datetime(mail.date)}",
        f"Message-ID: {mail.message_id}",
        *_rest(mail),
        "MIME-Version: 1.0",
    ]
    head = "\r\n".join(lines)
    if not head.isascii() or head.count("\n") != len(HEADER_START.findall(head)) - 1 + head.count("\r\n "):
        raise UsageFault("a header cannot be written", where=mail.message_id)
    return head.encode("ascii") + b"\r\n" + part


def _rest(mail: Mail) -> Iterator[str]:
    """Headers that machines read stand on one line each: Python 3.11 would encode a long address as words."""
    if mail.reply_to:
        yield f"Reply-To: {plain_address(mail.reply_to)}"
    if mail.list_id:
        yield f"List-Id: <{mail.list_id}>"
    if mail.purpose not in BY_HAND:
        yield "Auto-Submitted: auto-generated"
    for name, value in mail.headers.items():
        yield f"{name}: {value}"


@lru_cache(maxsize=16)
def _sender(name: str, address: str) -> str:
    return _folded("From", Address(name, addr_spec=address))


def _subject(text: str) -> str:
    line = f"Subject: {text.strip()}"
    return (
        line
        if line.isascii() and len(line) <= LONGEST_LINE and "=?" not in line
        else _folded("Subject", text)
    )


def _folded(name: str, value: str | Address) -> str:
    head = EmailMessage(WIRE)
    head[name] = value.strip() if isinstance(value, str) else value
    return head.as_bytes().decode("ascii").strip()
