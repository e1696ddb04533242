"""Search by the beginning of an address or a host name, in an index, on either database.

SQLite keeps addresses as text and compares text by bytes, so the beginning is a range. PostgreSQL keeps them
as ``inet``, where the beginning is a network; its host names need an index with ``varchar_pattern_ops``.
"""

from __future__ import annotations

import ipaddress
import re

from django.db import connection
from django.db.models import Q

V4_BEGINS = re.compile(r"\d{1,3}(\.\d{1,3}){0,3}\.?")
V6_BEGINS = re.compile(r"[0-9a-f]{0,4}(:[0-9a-f]{0,4}){1,7}")
SURROGATES = range(0xD800, 0xE000)
LAST = 0x10FFFF
WIDEST = 8
"""A network of fewer bits than this is no search."""


class Unclear(Exception):
    """What was typed cannot be searched for; the message tells the person why."""


def looks_like_address(text: str) -> bool:
    """Whether the text is an address, a network, or the beginning of one, rather than a name."""
    return bool(re.fullmatch(r"[0-9.]+(/\d+)?|[0-9a-f:.]*:[0-9a-f:.]*(/\d+)?", text))


def address(field: str, text: str) -> Q:
    """The condition that an address field begins with ``text``: an address, a network, or a beginning.

    Raises:
        Unclear: it is none of these.
    """
    if "/" in text:
        return _network(field, text)
    try:
        return Q((field, str(ipaddress.ip_address(text))))
    except ValueError:
        return _beginning(field, text)


def name(field: str, text: str) -> Q:
    """The condition that a name begins with ``text``; names are kept in lower case."""
    text = text.lower()
    if connection.vendor == "postgresql":
        return Q((f"{field}__startswith", text))
    return _range(field, text)


def _range(field: str, text: str) -> Q:
    from_here = Q((f"{field}__gte", text))
    after = _after(text)
    return from_here & Q((f"{field}__lt", after)) if after else from_here


def _after(text: str) -> str:
    """The first text behind all that begin with this one; nothing where there is none."""
    last = ord(text[-1]) + 1
    if last == SURROGATES.start:
        last = SURROGATES.stop  # no characters of their own: no database takes them
    return text[:-1] + chr(last) if last <= LAST else _after(text[:-1]) if text[:-1] else ""


def _beginning(field: str, text: str) -> Q:
    if V4_BEGINS.fullmatch(text):
        whole, (low, high) = text.rstrip(".") + ".", _v4_bounds(text)
    elif V6_BEGINS.fullmatch(text) and "::" not in text.rstrip(":"):
        whole, (low, high) = text.rstrip(":") + ":", _v6_bounds(text)
    else:
        raise Unclear(f"{text} is no address, and no beginning of one.")
    if connection.vendor == "postgresql":
        return Q((f"{field}__gte", low)) & Q((f"{field}__lte", high))
    return _range(field, whole)


def _v4_bounds(text: str) -> tuple[str, str]:
    """Lowest and highest address that begin with these octets; the last one counts as whole."""
    octets = text.rstrip(".").split(".")
    return _checked(
        ".".join(octets + ["0"] * (4 - len(octets))), ".".join(octets + ["255"] * (4 - len(octets)))
    )


def _v6_bounds(text: str) -> tuple[str, str]:
    groups = text.rstrip(":").split(":")
    missing = 8 - len(groups)
    return _checked(":".join(groups + ["0"] * missing), ":".join(groups + ["ffff"] * missing))


def _checked(low: str, high: str) -> tuple[str, str]:
    try:
        return str(ipaddress.ip_address(low)), str(ipaddress.ip_address(high))
    except ValueError as error:
        raise Unclear(f"{low} is no address.") from error


def _network(field: str, text: str) -> Q:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise Unclear(f"{text} is no network.") from error
    if network.prefixlen < WIDEST:
        raise Unclear(f"{text} is too wide: give /{WIDEST} or narrower.")
    if connection.vendor == "postgresql":
        return Q((f"{field}__gte", str(network[0]))) & Q((f"{field}__lte", str(network[-1])))
    if isinstance(network, ipaddress.IPv6Network):
        raise Unclear("For IPv6 give a whole address or its beginning, such as 2001:db8:")
    return _v4_text(field, network)


def _v4_text(field: str, network: ipaddress.IPv4Network) -> Q:
    """The network as beginnings of text: at most 128 of them."""
    if network.prefixlen > 24:  # noqa: PLR2004 - bits of three octets
        return Q((f"{field}__in", [str(address) for address in network]))
    octets = -(-network.prefixlen // 8)
    condition = Q()
    for part in network.subnets(new_prefix=octets * 8):
        condition |= _range(field, ".".join(str(part[0]).split(".")[:octets]) + ".")
    return condition
