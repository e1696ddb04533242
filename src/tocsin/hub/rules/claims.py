"""What an organisation may claim, written in one way; and where two organisations claim the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from ipaddress import ip_address, ip_network

import msgspec

from tocsin.errors import UsageFault
from tocsin.hub.rules.words import ClaimKind

LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
LONGEST_NAME = 253
LARGEST_ASN = 2**32 - 1


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as the rules see it. ``owner`` is any hashable name of an organisation."""

    number: int
    owner: int
    kind: str
    value: str
    provenance: str = "manual"
    valid_from: date | None = None
    valid_until: date | None = None


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Two organisations claim the same (``same``), or one a part of the other's (usually a lease)."""

    wide: ClaimRow
    narrow: ClaimRow
    same: bool


def sound_claim(kind: str, value: str) -> str:
    """The claim's value in the one way that the hub writes it.

    A network without host bits, an AS number without letters, a name in lower case as DNS writes it
    (IDNA), a host as an address or a name.

    Raises:
        UsageFault: it is none.
    """
    text = value.strip()
    try:
        return _SOUND[ClaimKind(kind)](text)
    except (ValueError, KeyError) as error:
        raise UsageFault(f"{text[:80]!r} is no {kind}", remedy=_EXAMPLES) from error


_EXAMPLES = "Write 192.0.2.0/24, 64500, contoso.example or mail.contoso.example."


def _network(text: str) -> str:
    network = ip_network(text, strict=False)
    if network.prefixlen == 0:
        raise ValueError(text)
    return network.compressed


def _asn(text: str) -> str:
    number = int(text.upper().removeprefix("AS")) if text.isascii() else 0
    if not 0 < number <= LARGEST_ASN:
        raise ValueError(text)
    return str(number)


def _name(text: str) -> str:
    name = text.lower().removeprefix("*.").strip(".")
    if not name.isascii():
        name = name.encode("idna").decode("ascii")
    labels = name.split(".")
    if len(name) > LONGEST_NAME or not all(LABEL.match(label) for label in labels) or len(labels) < 2:  # noqa: PLR2004 - no top-level name
        raise ValueError(text)
    return name


def _host(text: str) -> str:
    try:
        return ip_address(text).compressed
    except ValueError:
        return _name(text)


_SOUND = {ClaimKind.CIDR: _network, ClaimKind.ASN: _asn, ClaimKind.DOMAIN: _name, ClaimKind.HOST: _host}


def conflicts(claims: Iterable[ClaimRow]) -> Iterator[Conflict]:
    """Where different organisations claim overlapping things at a time.

    Each claim with its nearest wider one only, so that the answer grows with the claims, not their square.
    """
    rows = [
        row for row in claims if row.kind in {ClaimKind.CIDR, ClaimKind.DOMAIN, ClaimKind.ASN, ClaimKind.HOST}
    ]
    yield from _nested_networks(row for row in rows if row.kind == ClaimKind.CIDR)
    yield from _nested_names(row for row in rows if row.kind == ClaimKind.DOMAIN)
    yield from _same(row for row in rows if row.kind in {ClaimKind.ASN, ClaimKind.HOST})


def _nested_networks(rows: Iterable[ClaimRow]) -> Iterator[Conflict]:
    """Networks sorted by their first address, wide before narrow: those still open are around the next."""
    parsed = [(ip_network(row.value), row) for row in rows]
    parsed.sort(
        key=lambda pair: (pair[0].version, int(pair[0].network_address), pair[0].prefixlen, pair[1].number)
    )
    around: list[tuple[int, int, ClaimRow]] = []  # version, last address, claim
    for network, row in parsed:
        first = int(network.network_address)
        while around and (around[-1][0] != network.version or around[-1][1] < first):
            around.pop()
        yield from _first_other((claim for _, _, claim in reversed(around)), row)
        around.append((network.version, int(network.broadcast_address), row))


def _nested_names(rows: Iterable[ClaimRow]) -> Iterator[Conflict]:
    by_name: dict[str, list[ClaimRow]] = {}
    for row in sorted(rows, key=lambda row: (row.value.count("."), row.number)):
        labels = row.value.split(".")
        wider = (".".join(labels[start:]) for start in range(len(labels)))
        yield from _first_other((claim for name in wider for claim in reversed(by_name.get(name, []))), row)
        by_name.setdefault(row.value, []).append(row)


def _same(rows: Iterable[ClaimRow]) -> Iterator[Conflict]:
    by_value: dict[tuple[str, str], list[ClaimRow]] = {}
    for row in sorted(rows, key=lambda row: row.number):
        group = by_value.setdefault((row.kind, row.value), [])
        yield from _first_other(reversed(group), row)
        group.append(row)


NEAREST = 50


def _first_other(around: Iterable[ClaimRow], row: ClaimRow) -> Iterator[Conflict]:
    """The nearest wider claim of somebody else, valid at the same time; a bounded look."""
    for _, claim in zip(range(NEAREST), around, strict=False):
        if claim.owner != row.owner and _together(claim, row):
            yield Conflict(wide=claim, narrow=row, same=claim.value == row.value)
            return


def _together(one: ClaimRow, other: ClaimRow) -> bool:
    """Whether there is a day on which both are valid. ``valid_until`` is the last day."""
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    ends = min(one.valid_until or date.max, other.valid_until or date.max)
    return begins <= ends
