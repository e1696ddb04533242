"""What may be said by which channel: the intruder reads the mail.

Mail to a broken server is read by whoever broke it. So e-mail (and a webhook) carries no finding and no link
where compromise is suspected or shown for any server of the organisation, or where the addressee's mail may
lie on a server that is affected: its domain is one of those concerned, its mail exchanger stands in a network
of theirs or is itself a server that the census knows, or nobody can tell where it stands. It then holds a
reference, and asks to call the number on the hub's public page; the number itself does not stand in it, so
that nobody can put another there. Details go by telephone to a number that somebody verified, by letter, or
to a mail address that lies elsewhere.

Not known counts as inside. That is wrong at times, and harmless: the owner calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from tocsin.hub.rules.notices import SECRET, TROUBLED, Kind
from tocsin.hub.rules.words import Channel, Compromise

READ_BY_INTRUDERS = frozenset({Channel.EMAIL, Channel.WEBHOOK})
SHORTEST_SECRET = 4
"""Shorter texts are no secret that could be told from a word."""

SECOND_LEVEL = frozenset(
    {"ac", "co", "com", "edu", "gob", "gouv", "gov", "gv", "mil", "ne", "net", "or", "org"}
)
"""Labels below a country's own that are no organisation: ``contoso.co.uk``."""


class Say(StrEnum):
    """How much a message says."""

    EVERYTHING = "everything"
    REFERENCE = "reference-only"


class Affected(Struct, frozen=True, kw_only=True):
    """What an intruder may hold of those concerned.

    Attributes:
        addresses: of their servers that a campaign knows.
        names: host names of these servers, and domains and hosts that they claim.
        networks: that they claim, or that hold one of these servers.
        systems: they claim a whole autonomous system, so that no address is surely outside.
        suspected: compromise is suspected or shown, or a web shell was seen, on any of their servers.
    """

    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    systems: bool = False
    suspected: bool = False

    def and_also(self, other: Affected) -> Affected:
        """What both hold together."""
        return Affected(
            addresses=self.addresses | other.addresses,
            names=self.names | other.names,
            networks=(*self.networks, *other.networks),
            systems=self.systems or other.systems,
            suspected=self.suspected or other.suspected,
        )


class Route(Struct, frozen=True, kw_only=True):
    """Where messages to a domain go. None: nobody knows.

    Attributes:
        domain: behind the ``@``, or a webhook's host.
        hosts: its mail exchangers.
        addresses: theirs.
        known: addresses among them of servers that the census knows, whoever owns these.
    """

    domain: str
    hosts: tuple[str, ...] | None = None
    addresses: tuple[str, ...] | None = None
    known: tuple[str, ...] = ()


class Verdict(Struct, frozen=True, kw_only=True):
    """How much may be said, and why no more."""

    say: Say
    reasons: tuple[str, ...] = ()


def may_say(
    channel: Channel, *, kind: Kind, affected: Affected, route: Route | None, verified: bool
) -> Verdict:
    """How much a message may say.

    Args:
        channel: by which it goes.
        kind: what it is about.
        affected: what those concerned hold: the owner, and the addressee where that is somebody else.
        route: where mail (or a webhook's call) goes; None is not known.
        verified: somebody made sure of the number, for calls.
    """
    if channel == Channel.LETTER:
        return Verdict(say=Say.EVERYTHING)
    if channel == Channel.PHONE:
        return _verdict([] if verified else ["nobody has verified this telephone number"])
    reasons = ["its subject is a compromise"] if kind in SECRET else []
    if affected.suspected:
        reasons.append("compromise is suspected, or a web shell was seen")
    inside = why_inside(route, affected)
    return _verdict([*reasons, inside] if inside else reasons)


def _verdict(reasons: list[str]) -> Verdict:
    return Verdict(say=Say.REFERENCE if reasons else Say.EVERYTHING, reasons=tuple(reasons))


def why_inside(route: Route | None, affected: Affected) -> str:
    """Why mail that goes this way may be read on an affected server; empty where it surely is not."""
    if route is None or not route.domain:
        return "nobody knows where its mail goes"
    if any(related(route.domain, name) for name in affected.names):
        return "its mail domain is that of an affected server, or claimed with it"
    if not route.hosts or not route.addresses:
        return "nobody knows where its mail goes"
    if any(related(host, name) for host in route.hosts for name in affected.names):
        return "its mail exchanger is named like an affected server"
    if route.known:
        return "its mail exchanger is a server that the census knows"
    return _by_address(route.addresses, affected)


def _by_address(addresses: Sequence[str], affected: Affected) -> str:
    try:
        found = [ip_address(text) for text in addresses]
        held = {ip_address(text) for text in affected.addresses}
        networks: list[IPv4Network | IPv6Network] = [
            ip_network(text, strict=False) for text in affected.networks
        ]
    except ValueError:
        return "nobody knows where its mail goes"
    if any(address in held for address in found):
        return "its mail exchanger is an affected server"
    if any(address in network for address in found for network in networks):
        return "its mail exchanger stands in an affected network"
    return "its network may be the affected one" if affected.systems else ""


def related(one: str, other: str) -> bool:
    """Whether two names lie in one organisation's domain: equal, one below the other, or below the same."""
    mine, theirs = labels(one), labels(other)
    if not mine or not theirs:
        return False
    return mine[-_own(mine) :] == theirs[-_own(theirs) :]


def labels(name: str) -> list[str]:
    """The parts of a name as DNS compares them: lower case, IDNA, no dot at the end."""
    text = name.strip().strip(".").lower()
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return text.split(".")
    return text.split(".") if text else []


def _own(parts: Sequence[str]) -> int:
    """How many labels from the end name an organisation: two, or three below ``co.uk`` and its like."""
    country = len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in SECOND_LEVEL  # noqa: PLR2004 - labels
    return 3 if country else 2


def troubled(states: Iterable[tuple[str, bool]]) -> bool:
    """Whether any server's state of compromise, or a web shell seen on it, makes mail unsafe.

    Each is given as (compromise, a shell was seen). Only evidence ends that: `verified-clean`.
    """
    return any(
        Compromise(state) in TROUBLED or (shell and state != Compromise.VERIFIED_CLEAN)
        for state, shell in states
    )


_ADDRESS = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}(?!\w)"
_FORBIDDEN = (
    ("an address of a page", re.compile(r"https?:|www\.|://|\bhxxp", re.IGNORECASE)),
    ("a vulnerability's number", re.compile(r"\bCVE\b", re.IGNORECASE)),
    ("an IP address", re.compile(_ADDRESS, re.IGNORECASE)),
    ("a build number", re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{2,5}(?:\.\d{1,5})?(?![\w.])")),
)


def leaks(texts: Iterable[str], secrets: Iterable[str]) -> list[str]:
    """What a message that may say nothing says all the same: in words, never the secret itself.

    The last look before such a message is kept or sent, whoever wrote its template.

    Args:
        texts: subject, text, headers, names and contents of attachments.
        secrets: addresses, names and builds of the owner's servers, and the owner's name.
    """
    whole = "\n".join(texts)
    found = [what for what, pattern in _FORBIDDEN if pattern.search(whole)]
    folded = whole.casefold()
    sought = {text.strip().casefold() for text in secrets}
    named = any(len(text) >= SHORTEST_SECRET and text in folded for text in sought)
    return [*found, "a name or number of the owner's"] if named else found
