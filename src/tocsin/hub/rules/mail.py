"""What a message is, before anything knows how it travels: words, drafts, and what no draft may hold."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from tocsin.errors import UsageFault
from tocsin.hub.rules.reach import sound_contact
from tocsin.hub.rules.words import Channel

LONGEST_KEY = 200
LONGEST_LINE = 500
LONGEST_HEADER = 900  # of 998 with its name
LONGEST_TEXT = 200_000
LARGEST_ATTACHMENT = 5_000_000
MOST_ATTACHMENTS = 10
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}\Z")
LIST_ID = re.compile(r"[A-Za-z0-9-]{1,60}(\.[A-Za-z0-9-]{1,60}){0,8}\Z")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")
HEADERS = frozenset(
    {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive", "In-Reply-To", "References", "Feedback-ID"}
)
"""Headers that a draft may bring along; all others the outbox writes itself."""


class Purpose(StrEnum):
    """Why a message is sent. Compromise and directive are never silenced by quiet hours or a lull."""

    NOTICE = "notice"
    COMPROMISE = "compromise"
    DIRECTIVE = "directive"
    ADVISORY = "advisory"
    SUBSCRIPTION = "subscription"
    INCIDENT = "incident"
    RELAY = "relay"
    TEST = "test"


class State(StrEnum):
    """Where a message stands. ``in-doubt``: it may have gone out or not; it is never sent again by itself."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in-doubt"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    PRINTED = "printed"
    CALLED = "called"


class Sign(StrEnum):
    """How an e-mail is signed beyond DKIM; ``hub``: as this hub is set up."""

    HUB = "hub"
    NONE = "none"
    SMIME = "smime"
    PGP = "pgp"


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that goes along. ``content`` is never shown or run here."""

    name: str
    media_type: str
    content: bytes


class Draft(Struct, frozen=True, kw_only=True):
    """One message to one address.

    Attributes:
        key: of two drafts with the same key only the first is ever queued.
        channel: how it travels.
        address: mail address, URL, telephone number or postal address, as the channel asks.
        purpose: why.
        subject: one line.
        text: plain text; for a call, what to say. Letters are laid out from it.
        contact: number of the contact, so that what comes back is known there.
        organisation: number of the organisation that it is about.
        attachments: files that go along, by e-mail and webhook.
        reply_to: where answers go, if not to the hub's address.
        list_id: name of the list, such as ``notices``; the hub adds its domain.
        headers: some of `HEADERS`.
        not_before: when it may go at the earliest; None for now.
        urgency: 0 goes first.
        sign: how it is signed.
        encrypt: encrypt it, if the contact has a key.
        language: of the text, such as ``en``.
    """

    key: str
    channel: Channel
    address: str
    purpose: Purpose
    subject: str
    text: str
    contact: int | None = None
    organisation: int | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    list_id: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    not_before: datetime | None = None
    urgency: int = 5
    sign: Sign = Sign.HUB
    encrypt: bool = False
    language: str = "en"


def objection(draft: Draft) -> str | None:
    """Why a draft cannot be queued, or None. Nothing that passes can break out of its header or line.

    Lines are checked for control characters, so that a subject or a name never starts a header of its own.
    """
    lines = (draft.key, draft.subject, draft.reply_to, *draft.headers, *draft.headers.values())
    if any(CONTROL.search(line) for line in lines):
        return "a line holds a control character"
    if not draft.key or len(draft.key) > LONGEST_KEY or any(len(line) > LONGEST_HEADER for line in lines):
        return "a line is empty or too long"
    if len(draft.subject) > LONGEST_LINE or len(draft.text) > LONGEST_TEXT:
        return "subject or text is too long"
    if CONTROL_IN_TEXT.search(draft.text.replace("\r\n", "\n")):
        return "the text holds a control character"
    return _of_form(draft) or _of_address(draft) or _of_attachments(draft.attachments)


def _of_form(draft: Draft) -> str | None:
    if draft.channel not in set(Channel) or draft.purpose not in set(Purpose) or draft.sign not in set(Sign):
        return "channel, purpose or way to sign is none that the hub knows"
    if unknown := set(draft.headers) - HEADERS:
        return f"a draft brings no header {min(unknown)}"
    if not all(value.isascii() and value.strip() for value in draft.headers.values()):
        return "a header is empty, or not ASCII"
    if draft.list_id and not LIST_ID.match(draft.list_id):
        return f"{draft.list_id!r} is no name of a list"
    if not LANGUAGE.match(draft.language):
        return f"{draft.language!r} is no language"
    return None if 0 <= draft.urgency <= 9 else "urgency is a number from 0 to 9"  # noqa: PLR2004 - a digit


def _of_address(draft: Draft) -> str | None:
    try:
        sound_contact(draft.channel, draft.address)
        if draft.reply_to:
            sound_contact(Channel.EMAIL, draft.reply_to)
    except UsageFault as fault:
        return fault.what
    if draft.channel == Channel.LETTER:
        lines = draft.address.replace("\r\n", "\n")
        return "the address holds a control character" if CONTROL_IN_TEXT.search(lines) else None
    return "the address holds a control character" if CONTROL.search(draft.address) else None


def _of_attachments(attachments: tuple[Attachment, ...]) -> str | None:
    if len(attachments) > MOST_ATTACHMENTS:
        return f"more than {MOST_ATTACHMENTS} attachments"
    for one in attachments:
        if not one.name or len(one.name) > LONGEST_KEY or CONTROL.search(one.name) or "/" in one.name:
            return "an attachment's name is empty, too long or no plain name"
        if not MEDIA_TYPE.match(one.media_type):
            return f"{one.media_type!r} is no media type"
        if len(one.content) > LARGEST_ATTACHMENT:
            return f"{one.name} is larger than {LARGEST_ATTACHMENT:,} bytes"
    return None


def legible(text: str) -> str:
    """What a stranger's program said, on one line that a database takes and a person reads."""
    return " ".join(CONTROL.sub(" ", text[: LONGEST_LINE * 4]).split())[:LONGEST_LINE]


def domain_of(address: str) -> str:
    """The part of a mail address after the last ``@``, in lower case; empty where there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""
