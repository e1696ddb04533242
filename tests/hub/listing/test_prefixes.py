"""Search by a beginning finds what begins so, and nothing else, on both databases."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.hub import making

from tocsin.hub.census.models import Server
from tocsin.hub.census.search import servers_that_begin
from tocsin.hub.listing.prefixes import Unclear

ADDRESSES = [
    "192.0.2.1",
    "192.0.20.1",
    "192.0.2.200",
    "198.51.100.7",
    "203.0.113.255",
    "2001:db8:1::5",
    "2001:db8:10::5",
]
HOSTS = ["mail.contoso.example", "mail2.contoso.example", "owa.example", "", "ma%l.example", "ma_l.example"]


def addresses(text: str) -> set[str]:
    return {server.ip for server in servers_that_begin(text)}


class Beginnings(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        for number, ip in enumerate(ADDRESSES):
            making.server(ip, hostname=HOSTS[number % len(HOSTS)])

    @given(st.sampled_from(ADDRESSES[:5]), st.integers(8, 32))
    def test_a_network_gives_the_addresses_inside(self, ip: str, bits: int) -> None:
        network = ipaddress.ip_network(f"{ip}/{bits}", strict=False)
        inside = {each for each in ADDRESSES if ":" not in each and ipaddress.ip_address(each) in network}
        assert addresses(str(network)) == inside

    @given(st.integers(1, 6), st.sampled_from(HOSTS))
    def test_names_begin_with_what_was_typed(self, length: int, host: str) -> None:
        text = host[:length].upper()
        if text:
            found = {server.hostname for server in servers_that_begin(text)}
            held = set(Server.objects.values_list("hostname", flat=True))
            assert found == {each for each in held if each.startswith(text.lower())}

    def test_octets_are_whole(self) -> None:
        assert addresses("192.0.2") == {"192.0.2.1", "192.0.2.200"}
        assert addresses("192.0.2.") == {"192.0.2.1", "192.0.2.200"}
        assert addresses("192.0.2.2") == set()
        assert addresses("2001:db8:1") == {"2001:db8:1::5"}
        assert addresses("2001:DB8:10::5") == {"2001:db8:10::5"}

    @given(st.text(alphabet="0123456789.:/abcdef%_'\\ \x00é", min_size=1, max_size=40) | st.text(min_size=1))
    @example("999.1.1.1")
    @example("1.2.3.4/2")
    @example("::/0")
    @example("2001:db8::/32")
    def test_anything_typed_finds_or_says_why_not(self, text: str) -> None:
        if "\x00" in text:  # refused before: see the lists' tests
            return
        with suppress(Unclear):
            assert {server.ip for server in servers_that_begin(text)} <= set(ADDRESSES)


@pytest.mark.parametrize("text", ["999.1.1.1", "1.2.3.4/2", "1.2.3.4/33", ":::", "12345::"])
@pytest.mark.django_db
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unclear):
        servers_that_begin(text)


@pytest.mark.django_db
@pytest.mark.parametrize("last", ["\ud7ff", "\U0010ffff", "\U0010ffff\U0010ffff"])
def test_names_that_end_at_the_edge_of_unicode(last: str) -> None:
    for number, host in enumerate((f"mail{last}x", "mail", "mailz", f"m\ue000{last}")):
        making.server(f"192.0.2.{number}", hostname=host)
    assert addresses(f"mail{last}") == {"192.0.2.0"}
    assert addresses(last) == set()
