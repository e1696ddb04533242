"""Who a row is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.identity import Marks, address, hostname, identity, is_pool

PRINT = "ab" * 32


def named(name: str = "", fingerprint: str = "", ip: str = "192.0.2.7", port: int = 443) -> str:
    return identity(Marks(ip=ip, port=port, name=name, fingerprint=fingerprint))


@pytest.mark.parametrize(
    ("name", "fingerprint", "expected"),
    [
        ("EX01.Contoso.example.", PRINT, "name:ex01.contoso.example"),
        ("EX01", PRINT.upper(), f"cert:{PRINT}/ex01"),
        ("ex01.corp.local", PRINT, f"cert:{PRINT}/ex01.corp.local"),
        ("ex01.corp.local", "", "at:192.0.2.7:443"),
        ("EX01", "", "at:192.0.2.7:443"),
        ("", PRINT, "at:192.0.2.7:443"),
        ("192-0-2-7.pool.isp.example", "", "at:192.0.2.7:443"),
        ("c0000207.isp.example", "", "at:192.0.2.7:443"),
        ("no name at all", "no print", "at:192.0.2.7:443"),
    ],
)
def test_identity(name: str, fingerprint: str, expected: str) -> None:
    assert named(name, fingerprint) == expected


def test_a_renewed_certificate_and_a_new_address_change_nobody() -> None:
    assert named("ex.contoso.example", PRINT) == named(
        "ex.contoso.example", "cd" * 32, ip="198.51.100.9", port=8443
    )


def test_addresses_of_both_families() -> None:
    assert named(ip="2001:db8::1") == "at:[2001:db8::1]:443"
    assert address("::ffff:192.0.2.7") == "192.0.2.7"
    assert address("2001:0DB8::0001") == "2001:db8::1"
    assert address("192.0.2.300") is None


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("mail.contoso.example", False),
        ("static-192-0-2-7.isp.example", True),
        ("7.2.0.192.in-addr.isp.example", True),
        ("dsl-customer.isp.example", True),
        ("host192000002007.isp.example", True),
        ("static.contoso.example", True),
        ("contoso.example", False),
    ],
)
def test_names_that_providers_give(name: str, pool: bool) -> None:
    assert is_pool(name, "192.0.2.7") is pool


@given(st.text(max_size=300), st.text(max_size=100), st.ip_addresses(), st.integers(1, 65535))
def test_anything_gives_one_short_identity(name: str, fingerprint: str, ip: object, port: int) -> None:
    spelt = address(str(ip)) or ""
    found = identity(Marks(ip=spelt, port=port, name=name, fingerprint=fingerprint))
    assert found == identity(Marks(ip=spelt, port=port, name=f" {name} ", fingerprint=fingerprint))
    assert 0 < len(found) <= 200
    assert "\x00" not in found
    assert hostname(name) == hostname(hostname(name))
