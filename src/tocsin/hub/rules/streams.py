"""Events for other programs: how a delivery is signed, where it may go, and when it is tried again.

A signature covers the delivery's number, the moment and the body, so that nothing of it can be sent again
later under another number. Webhooks go to public addresses by HTTPS alone: the hub stands inside a CERT's
network, and must not be made to knock on its neighbours' doors.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from tocsin.errors import UsageFault
from tocsin.hub.rules.words import Role

HEADER = "Tocsin-Signature"
DELIVERY = "Tocsin-Delivery"
TOLERANCE = timedelta(minutes=5)
LONGEST_URL = 500
HTTPS, UNPRIVILEGED = 443, 1024
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=6)
MOST_FAILURES = 15
"""In a row, over about a day and a half; then the subscription is disabled, with the reason."""

HIDDEN = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0/96")))
"""Networks whose addresses stand for IPv4 ones (RFC 6052, 8215, 3056, 4380): private ones could hide."""


def sign(secret: str, *, delivery: str, body: bytes, at: int) -> str:
    """Give the signature's header: ``t=…,v1=…``, HMAC-SHA256 over number, moment and body.

    Args:
        secret: shared with the receiver.
        delivery: the delivery's number, as it stands in its own header.
        body: as sent.
        at: seconds since 1970.
    """
    covered = f"{delivery}.{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), covered, hashlib.sha256).hexdigest()}"


def verified(secret: str, header: str, *, delivery: str, body: bytes, now: int) -> bool:
    """Whether a header is this secret's signature of this delivery, of the last five minutes."""
    begun, _, _ = header.partition(",")
    digits = begun.removeprefix("t=")
    if not (digits.isascii() and digits.isdigit()) or abs(now - int(digits)) > TOLERANCE.total_seconds():
        return False
    expected = sign(secret, delivery=delivery, body=body, at=int(digits))
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))


def sound_url(text: str) -> str:
    """The address of a receiver.

    Raises:
        UsageFault: it is no HTTPS address, or names a person, a fragment or a port of the system's.
    """
    url = text.strip()
    try:
        parts = urlsplit(url)
        port, host = parts.port or HTTPS, parts.hostname
    except ValueError as error:
        raise UsageFault("this is no web address") from error
    if (
        parts.scheme != "https"
        or not host
        or len(url) > LONGEST_URL
        or not url.isascii()
        or not url.isprintable()
    ):
        raise UsageFault("events go to https addresses alone")
    if parts.username or parts.password or parts.fragment or " " in url:
        raise UsageFault("a receiver's address holds neither a person nor a fragment")
    if port != HTTPS and port < UNPRIVILEGED:
        raise UsageFault(f"a receiver listens at {HTTPS}, or at {UNPRIVILEGED} and above")
    return url


def public(text: str) -> bool:
    """Whether an address is one of the open internet, and hides no other."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _global(address)


def _global(address: IPv4Address | IPv6Address) -> bool:
    hidden = address.version == 6 and any(address in network for network in HIDDEN)  # noqa: PLR2004 - IP version
    return address.is_global and not address.is_multicast and not address.is_reserved and not hidden


def next_try(failures: int, now: datetime) -> datetime:
    """When to try again after so many failures in a row: half a minute, doubled each time, to six hours."""
    delay: timedelta = FIRST * 2 ** min(max(failures - 1, 0), 20)
    return now + min(LONGEST, delay)


def wanted(kind: str, campaign: str, *, kinds: Collection[str], only: str) -> bool:
    """Whether an event is one that was subscribed to. No kinds: all of them; no campaign: every one."""
    return (not kinds or kind in kinds) and (not only or campaign == only)


def may_subscribe(role: str) -> bool:
    """Whether events may leave to an address that a person of this role names.

    Members send out what concerns their own servers. What concerns everybody leaves by an administrator's
    decision alone; analysts pull it with a token.
    """
    return role in {Role.ADMINISTRATOR, Role.MEMBER}
