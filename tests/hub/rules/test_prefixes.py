"""Whose server it is."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.prefixes import OwnerClaim, Owners
from tocsin.hub.rules.words import ClaimKind, Provenance

DAY = date(2021, 3, 10)
MANUAL, CSV = Provenance.MANUAL, Provenance.CSV


def claim(number: int, kind: str, value: str, provenance: Provenance = CSV, **rest: date) -> OwnerClaim:
    return OwnerClaim(
        id=number, organisation=number, kind=ClaimKind(kind), value=value, provenance=provenance, **rest
    )


def winner(*claims: OwnerClaim, ip: str = "192.0.2.7", **rest: object) -> int | None:
    found = Owners(claims).owner(ip, DAY, **rest)  # type: ignore[arg-type]  # names and asn
    return found.id if found else None


WIDE, NARROW = claim(1, "cidr", "192.0.0.0/16"), claim(2, "cidr", "192.0.2.0/24")
SYSTEM, DOMAIN = claim(3, "asn", "AS64500"), claim(4, "domain", "contoso.example")
HOST, SUB = claim(5, "host", "mail.contoso.example"), claim(6, "domain", "*.it.contoso.example")
NAMES = ("mail.contoso.example",)


def test_the_narrowest_network_wins() -> None:
    assert winner(WIDE, NARROW) == 2
    assert winner(claim(9, "cidr", "192.0.0.0/16", MANUAL), NARROW) == 2


def test_manual_beats_imported_of_equal_length_and_the_older_its_like() -> None:
    assert winner(NARROW, claim(9, "cidr", "192.0.2.0/24", MANUAL)) == 9
    assert winner(claim(8, "cidr", "192.0.2.0/24"), NARROW) == 2


def test_host_then_domain_then_network_then_system() -> None:
    everything = (SYSTEM, WIDE, DOMAIN, HOST)
    assert winner(*everything, names=NAMES, asn=64500) == 5
    assert winner(*everything[:3], names=NAMES, asn=64500) == 4
    assert winner(*everything[:2], names=NAMES, asn=64500) == 1
    assert winner(SYSTEM, names=NAMES, asn=64500) == 3
    assert winner(SYSTEM, names=NAMES) is None
    assert winner(claim(7, "host", "192.0.2.7"), NARROW) == 7


def test_the_longest_domain_wins_and_only_at_its_dots() -> None:
    assert winner(DOMAIN, SUB, names=("ex1.it.contoso.example",)) == 6
    assert winner(DOMAIN, names=("notcontoso.example",)) is None
    assert winner(DOMAIN, names=("contoso.example",)) == 4


@pytest.mark.parametrize(("start", "end", "wins"), [(9, 11, 2), (10, 10, 2), (11, 12, 1), (8, 9, 1)])
def test_claims_hold_while_they_are_valid(start: int, end: int, wins: int) -> None:
    dated = claim(2, "cidr", "192.0.2.0/24", valid_from=date(2021, 3, start), valid_until=date(2021, 3, end))
    assert winner(WIDE, dated) == wins


def test_six_and_four_do_not_mix_and_nonsense_is_told() -> None:
    owners = Owners([claim(1, "cidr", "2001:db8::/32"), claim(2, "cidr", "0.0.0.0/0"), claim(3, "cidr", "x")])
    assert [one.id for one in owners.refused] == [3]
    six, four = owners.owner("2001:db8::7", DAY), owners.owner("192.0.2.7", DAY)
    assert [one.id for one in (six, four) if one] == [1, 2]
    assert owners.owner("2001:db9::7", DAY) is None


networks = st.tuples(st.integers(0, 255), st.integers(8, 32)).map(lambda pair: f"10.{pair[0]}.0.0/{pair[1]}")


@given(
    st.lists(st.tuples(networks, st.sampled_from([MANUAL, CSV])), max_size=12),
    st.ip_addresses(network="10.0.0.0/8"),
)
def test_equal_to_asking_every_network(made: list[tuple[str, Provenance]], ip: object) -> None:
    claims = [claim(number, "cidr", value, provenance) for number, (value, provenance) in enumerate(made)]
    inside = [one for one in claims if ip_address(str(ip)) in ip_network(one.value, strict=False)]
    best = max(
        inside,
        key=lambda one: (ip_network(one.value, strict=False).prefixlen, one.provenance is MANUAL, -one.id),
        default=None,
    )
    assert Owners(claims).owner(str(ip), DAY) == best
