"""Messages to webhooks: what is posted, how a receiver knows that it is this hub's, where none goes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.mail import Attachment
from tocsin.hub.rules.mail_setup import Network

SIGNATURE = "Tocsin-Signature"
NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class Target(Struct, frozen=True, kw_only=True):
    """Where a webhook is: host and port to connect to, and the rest of the address."""

    host: str
    port: int
    path: str


def target(url: str) -> Target:
    """The parts of a webhook's address.

    Raises:
        UsageFault: it is no https address, or carries a user.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise UsageFault("no address of a webhook", where=url[:200]) from error
    sound = parts.scheme == "https" and parts.hostname and parts.username is None and url.isascii()
    if not sound or any(letter <= " " or letter == "\x7f" for letter in url):
        raise UsageFault("a webhook's address begins with https:// and names no user", where=url[:200])
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host=str(parts.hostname), port=port, path=path)


def permitted(address: str, allowed: Sequence[Network]) -> bool:
    """Whether the hub may connect there: the public internet, and what the operator allows besides.

    A contact's address is somebody else's word. It must not lead the hub to its own machine, to the network
    behind it, or to a cloud's metadata; an IPv4 address within an IPv6 one counts as what it is.
    """
    place: Address = ip_address(address.partition("%")[0])
    inner = getattr(place, "ipv4_mapped", None) or getattr(place, "sixtofour", None)
    teredo = getattr(place, "teredo", None)
    seen: list[Address] = [one for one in (inner, teredo[1] if teredo else None) if one] or [place]
    if isinstance(place, IPv6Address) and place in NAT64:
        seen = [IPv4Address(int(place) & 0xFFFFFFFF)]
    if any(place in network for network in allowed if network.version == place.version):
        return True
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in seen)


def body(fields: dict[str, str], attachments: Sequence[Attachment]) -> bytes:
    """The message as JSON; attachments in base64. The same message always gives the same ``id``."""
    enclosed = [
        {
            "name": one.name,
            "media_type": one.media_type,
            "content_base64": base64.b64encode(one.content).decode(),
        }
        for one in attachments
    ]
    return msgspec.json.encode({"schema": "tocsin/message/1", **fields, "attachments": enclosed})


def key_of(url: str, secret: str) -> str:
    """The key that a receiver checks signatures with: one for each address, from the hub's secret."""
    return hmac.new(secret.encode(), f"outbox webhook {url}".encode(), hashlib.sha256).hexdigest()


def signature(key: str, moment: int, content: bytes) -> str:
    """``t=1614859200,v1=…``: HMAC-SHA-256 over ``t``, a full stop, and the body.

    The time lets a receiver refuse what somebody recorded and sends again.
    """
    told = hmac.new(key.encode(), f"{moment}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={moment},v1={told}"
