"""What a snapshot covered, and how it looked: only what was looked for can be found absent.

A snapshot that does not say what it covered covered nothing. A method that says nothing of another one does
not continue it: a server last seen by the older check cannot be missed by the newer one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import msgspec
from msgspec import Struct

Network = IPv4Network | IPv6Network
MOST = 100_000
"""Networks, addresses or words that one scope may name."""


class Scope(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What was looked at. Each part that is given narrows the scope; ``everything`` alone opens it.

    Attributes:
        everything: all addresses and ports that the source can reach.
        cidrs: only these networks.
        without: not these networks (an opt-out list).
        ports: only these ports.
        countries: only these countries, as two capital letters.
        checks: only these campaigns or CVE numbers, in lower case; all if empty.
    """

    everything: bool = False
    cidrs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    countries: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it says what was covered at all."""
        return self.everything or bool(self.cidrs or self.countries)


class Place(Struct, frozen=True):
    """Where a server was when it was last seen by a source."""

    ip: str
    port: int
    country: str = ""


def parse_scope(value: Mapping[str, Any]) -> Scope:
    """Give the scope that a JSON object describes.

    Raises:
        ValueError: it is none, with the reason.
    """
    try:
        scope = msgspec.convert(value, Scope)
    except msgspec.ValidationError as error:
        raise ValueError(f"no scope: {error}") from error
    for name in ("cidrs", "without", "checks", "countries", "ports"):
        if len(getattr(scope, name)) > MOST:
            raise ValueError(f"no scope: more than {MOST} {name}")
    for text in (*scope.cidrs, *scope.without):
        ip_network(text, strict=False)
    return msgspec.structs.replace(
        scope,
        checks=tuple(sorted({check.lower() for check in scope.checks})),
        countries=tuple(sorted({country.upper() for country in scope.countries})),
    )


def spell(text: str) -> Scope:
    """Give the scope that a command line spells.

    ``all``, or words separated by spaces or commas: networks, ``!network``, ``port:443``, ``country:GB``,
    ``check:cve-2021-26855``.

    Raises:
        ValueError: a word is none of these.
    """
    parts: dict[str, Any] = {}
    for word in text.replace(",", " ").split():
        name, value = _word(word)
        if name == "everything":
            parts[name] = True
        else:
            parts.setdefault(name, []).append(value)
    if set(parts) <= {"ports", "checks", "without"} and parts:
        parts["everything"] = True
    return parse_scope(parts)


def _word(word: str) -> tuple[str, Any]:
    kind, _, value = word.partition(":")
    if word == "all":
        return "everything", True
    if kind == "port" and value.isdecimal() and 0 < int(value) < 1 << 16:
        return "ports", int(value)
    if kind == "country" and len(value) == len("GB") and value.isalpha():
        return "countries", value.upper()
    if kind == "check" and value:
        return "checks", value.lower()
    negative = word.startswith("!")
    return ("without" if negative else "cidrs"), str(ip_network(word.removeprefix("!"), strict=False))


class Cover:
    """Answers what a scope covers; answers are kept, as thousands of snapshots ask of the same places."""

    def __init__(self, scope: Scope, blind: Collection[str] = ()) -> None:
        """``blind``: addresses of rows that could not be read; of them nothing is known."""
        self.scope = scope
        self.blind = frozenset(blind)
        self._inside = _by_length(scope.cidrs)
        self._outside = _by_length(scope.without)

    @property
    def whole(self) -> bool:
        """Whether every place is covered, so that nobody need ask."""
        scope = self.scope
        narrow = scope.cidrs or scope.without or scope.ports or scope.countries or self.blind
        return scope.everything and not narrow

    def checks(self, words: Collection[str]) -> bool:
        """Whether the check for a campaign (its id and CVE numbers, in lower case) was part of it."""
        return not self.scope.checks or not set(self.scope.checks).isdisjoint(words)

    def covers(self, place: Place) -> bool:
        """Whether a server at this place would have been looked at."""
        scope = self.scope
        if not scope.known or place.ip in self.blind or (scope.ports and place.port not in scope.ports):
            return False
        if scope.countries and place.country.upper() not in scope.countries:
            return False
        if not self._inside and not self._outside:
            return True
        return (not self._inside or _within(place.ip, self._inside)) and not _within(place.ip, self._outside)


def follows(method: str, earlier: str, successions: Mapping[str, Collection[str]]) -> bool:
    """Whether a look by ``method`` can miss what ``earlier`` saw: it is the same, or declared to continue it.

    Args:
        method: of the snapshot that did not show the server.
        earlier: of the sighting before.
        successions: method to the methods that it continues; followed over several steps.
    """
    seen: set[str] = set()
    waiting = [method]
    while waiting:
        one = waiting.pop()
        if one == earlier:
            return True
        if one not in seen:
            seen.add(one)
            waiting.extend(successions.get(one, ()))
    return False


_Lengths = tuple[tuple[int, int, frozenset[int]], ...]


@lru_cache(maxsize=4_096)
def _by_length(texts: tuple[str, ...]) -> _Lengths:
    found: dict[tuple[int, int], set[int]] = {}
    for network in map(_network, texts):
        shift = network.max_prefixlen - network.prefixlen
        found.setdefault((network.version, shift), set()).add(int(network.network_address) >> shift)
    return tuple((version, shift, frozenset(values)) for (version, shift), values in sorted(found.items()))


def _network(text: str) -> Network:
    return ip_network(text, strict=False)


def _within(ip: str, lengths: Iterable[tuple[int, int, frozenset[int]]]) -> bool:
    version, value = _value(ip)
    return any(version == own and value >> shift in values for own, shift, values in lengths)


@lru_cache(maxsize=1 << 17)
def _value(ip: str) -> tuple[int, int]:
    found = ip_address(ip)
    return found.version, int(found)
