"""One POST outward: where it does not go, and what it does not follow or wait for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.streams.receiver import Receiver, receiver

from tocsin.errors import UsageFault
from tocsin.hub.rules import streams as rules
from tocsin.hub.streams.outward import Way, post

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - as an address that is refused
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:0:a00:1::",
    "nowhere",
]


@pytest.fixture
def there(tmp_path: Path, loopback: None) -> Iterator[Receiver]:  # noqa: ARG001 - opens sockets
    with receiver(tmp_path) as found:
        yield found


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not rules.public(address)
    answer = post("https://receiver.example/", b"", {}, way=Way(resolve=lambda *_: ["8.8.8.8", address]))
    assert "not public" in answer.fault


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001::1"])
def test_public_addresses_are(address: str) -> None:
    assert rules.public(address)


@given(address=st.ip_addresses())
def test_nothing_that_is_not_global_is_public(address: object) -> None:
    assert not rules.public(str(address)) or address.is_global  # type: ignore[attr-defined]  # both kinds have it


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/",
        "file:///etc/passwd",
        "https://",
        "https://u:p@receiver.example/",
        "https://receiver.example/#x",
        "https://receiver.example:22/",
        "https://receiver.example:99999/",
        "https://receiver.example/a b",
        "https://receiver.example/\r\nHost: else",
        "https://rëceiver.example/",
        "https://receiver.example/" + "x" * 500,
        "",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UsageFault):
        rules.sound_url(url)
    assert post(url, b"", {}).status is None


@given(url=st.text(max_size=80))
def test_no_address_makes_it_raise(url: str) -> None:
    assert post(url, b"", {}, way=Way(resolve=lambda *_: [])).fault


def test_the_name_is_asked_once_and_that_address_taken(there: Receiver) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    assert post(there.url, b"x", {}, way=there.way(resolve=resolve)).taken
    assert asked == [("receiver.example", there.port)]


def test_a_certificate_of_nobody_we_trust_is_refused(there: Receiver) -> None:
    answer = post(there.url, b"x", {}, way=there.way(authorities=None))
    assert "CERTIFICATE_VERIFY_FAILED" in answer.fault
    assert there.got == []


def test_a_certificate_of_another_name_is_refused(there: Receiver) -> None:
    url = there.url.replace("receiver.example", "else.example")
    assert "CERTIFICATE_VERIFY_FAILED" in post(url, b"x", {}, way=there.way()).fault


def test_redirects_are_not_followed(there: Receiver) -> None:
    there.answer = (307, {"Location": there.url.replace("/events", "/other")})
    answer = post(there.url, b"x", {}, way=there.way())
    assert (answer.status, answer.taken, len(there.got)) == (307, False, 1)
    assert "not followed" in answer.fault


def test_who_says_nothing_is_cut_off(there: Receiver) -> None:
    there.answer = (0, {})
    answer = post(there.url, b"x", {}, way=there.way(deadline=0.2))
    assert answer.status is None
    assert answer.fault


@given(secret=st.text(min_size=1), body=st.binary(), at=st.integers(0, 2**40), late=st.integers(-400, 400))
def test_signatures_hold_for_five_minutes(secret: str, body: bytes, at: int, late: int) -> None:
    header = rules.sign(secret, delivery="a", body=body, at=at)
    assert rules.verified(secret, header, delivery="a", body=body, now=at + late) == (abs(late) <= 300)
    assert not rules.verified(secret, header, delivery="b", body=body, now=at)
    assert not rules.verified(secret + "x", header, delivery="a", body=body, now=at)


@given(header=st.text(max_size=90))
def test_other_texts_are_no_signature(header: str) -> None:
    assert not rules.verified("secret", header, delivery="a", body=b"", now=0)
