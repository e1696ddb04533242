"""Claims are written in one way; overlaps with others are found as a slow and plain search finds them."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageFault
from tocsin.hub.rules.claims import ClaimRow, conflicts, sound_claim
from tocsin.hub.rules.words import ClaimKind

NETWORKS = st.builds(
    lambda base, length: ip_network((base << 8, length), strict=False).compressed,
    st.integers(0x0A0000, 0x0A0007),
    st.integers(20, 28),
)
NAMES = st.lists(st.sampled_from(["a", "b", "mail"]), min_size=0, max_size=3).map(
    lambda parts: ".".join([*parts, "x.example"])
)
KINDS = st.one_of(
    st.tuples(st.just(ClaimKind.CIDR), NETWORKS),
    st.tuples(st.just(ClaimKind.DOMAIN), NAMES),
    st.tuples(st.just(ClaimKind.ASN), st.sampled_from(["64500", "64501"])),
)
YEARS = st.one_of(st.none(), st.sampled_from([date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)]))
CLAIMS = st.lists(st.tuples(st.integers(1, 3), KINDS, YEARS, YEARS), max_size=12).map(
    lambda rows: [
        ClaimRow(number=number, owner=owner, kind=kind, value=value, valid_from=begins, valid_until=ends)
        for number, (owner, (kind, value), begins, ends) in enumerate(rows)
    ]
)


def covers(wide: ClaimRow, narrow: ClaimRow) -> bool:
    """The plain definition."""
    if wide.kind != narrow.kind:
        return False
    if wide.kind == ClaimKind.CIDR:
        return ip_network(narrow.value).subnet_of(ip_network(wide.value))  # type: ignore[arg-type]  # both IPv4
    if wide.kind == ClaimKind.DOMAIN:
        return narrow.value == wide.value or narrow.value.endswith(f".{wide.value}")
    return wide.value == narrow.value


def together(one: ClaimRow, other: ClaimRow) -> bool:
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    return begins <= min(one.valid_until or date.max, other.valid_until or date.max)


@given(CLAIMS)
def test_property_every_conflict_is_one_and_no_claim_in_conflict_is_missed(claims: list[ClaimRow]) -> None:
    found = list(conflicts(claims))
    for pair in found:
        assert pair.wide.owner != pair.narrow.owner
        assert covers(pair.wide, pair.narrow)
        assert together(pair.wide, pair.narrow)
        assert pair.same == (pair.wide.value == pair.narrow.value)
    inside = {pair.narrow.number for pair in found} | {pair.wide.number for pair in found if pair.same}
    for claim in claims:
        others = [
            row for row in claims if row.owner != claim.owner and covers(row, claim) and together(row, claim)
        ]
        strictly = [row for row in others if row.value != claim.value]
        if strictly:
            assert claim.number in inside
        elif others:
            assert any(pair.same and claim.value == pair.narrow.value for pair in found)


@pytest.mark.parametrize(
    ("kind", "text", "sound"),
    [
        ("cidr", " 192.0.2.77/24", "192.0.2.0/24"),
        ("cidr", "2001:DB8::1/32", "2001:db8::/32"),
        ("cidr", "192.0.2.1", "192.0.2.1/32"),
        ("asn", "AS64500", "64500"),
        ("domain", "*.Contoso.Example.", "contoso.example"),
        ("domain", "bücher.example", "xn--bcher-kva.example"),
        ("host", "Mail.contoso.example", "mail.contoso.example"),
        ("host", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_one_way_of_writing(kind: str, text: str, sound: str) -> None:
    assert sound_claim(kind, text) == sound
    assert sound_claim(kind, sound) == sound


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cidr", "0.0.0.0/0"),
        ("cidr", "192.0.2.0/33"),
        ("asn", "0"),
        ("asn", "AS4294967296"),
        ("domain", "example"),
        ("domain", "a..example"),
        ("domain", "-a.example"),
        ("host", "a b.example"),
        ("nonsense", "x"),
        ("domain", ""),
    ],
)
def test_what_is_no_claim_is_refused(kind: str, text: str) -> None:
    with pytest.raises(UsageFault):
        sound_claim(kind, text)


@given(st.sampled_from(list(ClaimKind)), st.text(max_size=40))
def test_fuzz_any_text_is_sound_or_refused(kind: ClaimKind, text: str) -> None:
    try:
        sound = sound_claim(kind, text)
    except UsageFault:
        return
    assert sound_claim(kind, sound) == sound
