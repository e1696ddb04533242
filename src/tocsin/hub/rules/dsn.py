"""What comes back: delivery reports (RFC 3464), complaints (ARF, RFC 5965), other mail to the return path.

Whoever can write to the return path can send anything, so nothing here is believed before the hub has found
its own token or Message-ID in it (`outbox.returns`). Any bytes give an answer; none raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from enum import StrEnum

import msgspec
from msgspec import Struct

from tocsin.hub.rules.sending import status_in

LARGEST = 1_000_000
MOST_PARTS = 50
MOST_BOUNDARIES = 200
MOST_NUMBERS = 20
LONGEST_TYPE = 20
MESSAGE_ID = re.compile(r"<[0-9a-f]{32}@[A-Za-z0-9.-]{1,255}>")
RETURNED_TO = ("delivered-to", "x-original-to", "envelope-to", "to", "x-envelope-to", "return-path")
ORIGINALS = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})


FEEDBACK = "message/feedback-report"
COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})
"""What readers say by a button of theirs. Reports of failed authentication (RFC 6591), and that something is
no spam after all, have the same form."""


class Kind(StrEnum):
    """What a returned message says."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    AUTOMATIC = "automatic"  # an answer by a program: out of office
    OTHER = "other"


class Returned(Struct, frozen=True, kw_only=True):
    """A returned message, as far as it could be read.

    Attributes:
        kind: what it says.
        to: where it was addressed: one of these may be a return path of the hub's.
        numbers: Message-IDs of the hub's form in what it returns.
        recipient: whom it was for.
        status: enhanced status, such as ``5.1.1``; empty if there is none.
        says: the remote server's words.
    """

    kind: Kind
    to: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    recipient: str = ""
    status: str = ""
    says: str = ""


NOTHING = Returned(kind=Kind.OTHER)


def read(content: bytes) -> Returned:
    """What a message to the return path says. Of more than a megabyte the beginning is read."""
    content = content[:LARGEST]
    if content.lower().count(b"boundary") > MOST_BOUNDARIES:
        return NOTHING
    try:
        message = BytesParser(policy=compat32).parsebytes(content)
        return _read(message)
    except (
        RecursionError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
    ):  # the parser's, on damaged mail
        return NOTHING


def _read(message: Message) -> Returned:
    parts = list(_parts(message))
    to = tuple(str(text)[:500] for name in RETURNED_TO for text in message.get_all(name, [])[:5])
    numbers = _numbers(parts)
    groups = [group for part in parts if part.get_content_type() in REPORTS for group in _groups(part)]
    if (found := _reported(groups)) is not None:
        return msgspec.structs.replace(found, to=to, numbers=numbers)
    feedback = [part for part in parts if part.get_content_type() == FEEDBACK]
    if feedback:
        kind = Kind.COMPLAINT if any(map(_is_complaint, feedback)) else Kind.OTHER
        return Returned(kind=kind, to=to, numbers=numbers)
    return Returned(kind=_without_report(message, numbers), to=to, numbers=numbers, **_said(parts))


def _parts(message: Message) -> Iterator[Message]:
    for at, part in enumerate(message.walk()):
        if at >= MOST_PARTS:
            return
        yield part


def _numbers(parts: list[Message]) -> tuple[str, ...]:
    """Message-IDs of our form in the parts that return the original, and in what the report answers to."""
    told = list[str]()
    for at, part in enumerate(parts):
        names = ("message-id", "in-reply-to", "references", "x-failed-message-id")
        told += [str(text) for name in names[1 if at == 0 else 0 :] for text in part.get_all(name, [])[:5]]
        if part.get_content_type() in ORIGINALS and not part.is_multipart():
            told.append(_text(part))
    found = (number for text in told for number in MESSAGE_ID.findall(text[:20_000]))
    return tuple(dict.fromkeys(found))[:MOST_NUMBERS]


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("latin-1")[:100_000] if isinstance(content, bytes) else ""


def _groups(part: Message) -> Iterator[Message]:
    """The groups of fields of a delivery status: the parser gives messages, or text if it is damaged."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (group for group in payload[:MOST_PARTS] if isinstance(group, Message))


def _is_complaint(part: Message) -> bool:
    said = (str(group.get("feedback-type", "")).strip().lower() for group in _groups(part))
    return any(word in COMPLAINTS for word in said)


ORDER = {
    "failed": Kind.FAILED,
    "delayed": Kind.DELAYED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.DELIVERED,
    "expanded": Kind.DELIVERED,
}


def _reported(groups: list[Message]) -> Returned | None:
    """The worst of what a delivery status reports: a failure before a delay before a delivery."""
    for action, kind in ORDER.items():
        for group in groups:
            if str(group.get("action", "")).split("(")[0].strip().lower() == action:
                return Returned(
                    kind=kind,
                    recipient=_plain(group.get("final-recipient") or group.get("original-recipient")),
                    status=status_in(str(group.get("status", ""))),
                    says=_plain(group.get("diagnostic-code")),
                )
    return None


def _plain(text: object) -> str:
    """A field without its type: ``rfc822; a@b.example`` gives the address."""
    whole = " ".join(str(text or "").split())
    kind, middle, rest = whole.partition(";")
    return (rest.strip() if middle and len(kind) < LONGEST_TYPE else whole)[:300]


def _without_report(message: Message, numbers: tuple[str, ...]) -> Kind:
    """Old servers send failures as plain text: known by the sender, and by our message within."""
    if str(message.get("auto-submitted", "no")).lower().startswith("auto-replied"):
        return Kind.AUTOMATIC
    sender = f"{message.get('return-path', '')} {message.get('from', '')}".lower()
    if numbers and ("<>" in sender or "mailer-daemon" in sender or "postmaster" in sender):
        return Kind.FAILED
    return Kind.OTHER


def _said(parts: list[Message]) -> dict[str, str]:
    text = next((_text(part) for part in parts if part.get_content_type() == "text/plain"), "")[:5_000]
    return {"status": status_in(text), "says": " ".join(text.split())[:300]}
