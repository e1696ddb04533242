"""What a snapshot covered."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.scope import Cover, Place, Scope, follows, parse_scope, spell

HERE = Place("192.0.2.7", 443, "GB")


@pytest.mark.parametrize(
    ("words", "covered"),
    [
        ("all", True),
        ("", False),
        ("192.0.2.0/24", True),
        ("198.51.100.0/24", False),
        ("192.0.2.0/24 !192.0.2.0/29", False),
        ("!192.0.2.7", False),
        ("all port:8443", False),
        ("port:443,port:8443", True),
        ("country:gb", True),
        ("country:FR", False),
        ("2001:db8::/32", False),
    ],
)
def test_covers(words: str, covered: bool) -> None:
    assert Cover(spell(words)).covers(HERE) is covered


def test_nothing_is_known_of_rows_that_could_not_be_read() -> None:
    cover = Cover(Scope(everything=True), blind=["192.0.2.7"])
    assert not cover.covers(HERE)
    assert not cover.whole


def test_checks() -> None:
    words = {"proxylogon", "cve-2021-26855"}
    assert Cover(spell("all")).checks(words)
    assert Cover(spell("all check:CVE-2021-26855")).checks(words)
    assert not Cover(spell("all check:proxyshell")).checks(words)


@pytest.mark.parametrize("wrong", ["everywhere", "port:0", "192.0.2.0/33", "country:GBR", "!"])
def test_words_that_are_none(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        spell(wrong)


@pytest.mark.parametrize(
    "wrong", [{"networks": []}, {"cidrs": "192.0.2.0/24"}, {"cidrs": ["x"]}, {"ports": ["a"]}]
)
def test_objects_that_are_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_scope(wrong)


networks = st.tuples(st.integers(0, 255), st.integers(20, 32)).map(
    lambda pair: f"192.0.{pair[0]}.0/{pair[1]}"
)


@given(
    st.lists(networks, max_size=6), st.lists(networks, max_size=3), st.ip_addresses(network="192.0.0.0/16")
)
def test_equal_to_asking_each_network(inside: list[str], outside: list[str], ip: object) -> None:
    def within(texts: list[str]) -> bool:
        return any(ip_address(str(ip)) in ip_network(text, strict=False) for text in texts)

    cover = Cover(Scope(everything=not inside, cidrs=tuple(inside), without=tuple(outside)))
    assert cover.covers(Place(str(ip), 443)) == ((not inside or within(inside)) and not within(outside))


def test_methods_follow_by_declaration_alone() -> None:
    successions = {"3": {"2"}, "2": {"1"}, "x": {"y"}, "y": {"x"}}
    assert follows("1", "1", {})
    assert follows("3", "1", successions)
    assert not follows("1", "3", successions)
    assert not follows("x", "3", successions)
