"""What may be said where an intruder may read: the cases, and properties over random ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.notices import SECRET, Kind, new_reference
from tocsin.hub.rules.secrecy import (
    READ_BY_INTRUDERS,
    Affected,
    Route,
    Say,
    leaks,
    may_say,
    related,
    troubled,
    why_inside,
)
from tocsin.hub.rules.words import Channel, Compromise

HELD = Affected(
    addresses=frozenset({"192.0.2.4"}),
    names=frozenset({"mail.contoso.example", "contoso-lab.example"}),
    networks=("192.0.2.0/28", "2001:db8::/48"),
)


KNOWN = Route(domain="f.example", hosts=("mx.g.example",), addresses=("203.0.113.1",), known=("203.0.113.1",))
DOMAINS = ("contoso.example", "fabrikam.example")
ADDRESSES = ("192.0.2.9", "203.0.113.9")


def route(
    domain: str = "fabrikam.example", address: str = "203.0.113.25", host: str = "mx.elsewhere.example"
) -> Route:
    return Route(domain=domain, hosts=(host,), addresses=(address,))


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (route(), ""),
        (route("contoso.example"), "its mail domain"),
        (route("sub.mail.contoso.example"), "its mail domain"),
        (route("other.contoso.example."), "its mail domain"),
        (route("CONTOSO-LAB.example"), "its mail domain"),
        (route(host="mx.contoso.example"), "its mail exchanger is named"),
        (route(address="192.0.2.4"), "its mail exchanger is an affected server"),
        (route(address="192.0.2.9"), "its mail exchanger stands in"),
        (route(address="2001:db8::25"), "its mail exchanger stands in"),
        (route(address="no address"), "nobody knows"),
        (Route(domain="fabrikam.example"), "nobody knows"),
        (Route(domain="fabrikam.example", hosts=(), addresses=()), "nobody knows"),
        (Route(domain=""), "nobody knows"),
        (None, "nobody knows"),
        (KNOWN, "its mail exchanger is a server"),
    ],
)
def test_what_lies_inside(way: Route | None, expected: str) -> None:
    found = why_inside(way, HELD)
    assert found.startswith(expected)
    assert bool(found) == bool(expected)


def test_of_two_networks_one_is_enough_and_a_whole_system_hides_nobody() -> None:
    both = Route(domain="f.example", hosts=("a.g.example",), addresses=("203.0.113.1", "192.0.2.9"))
    assert why_inside(both, HELD)
    assert why_inside(route(), Affected(systems=True))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("contoso.co.uk", "mail.contoso.co.uk", True),
        ("fabrikam.co.uk", "contoso.co.uk", False),
        ("fabrikam.example", "contoso.example", False),
        ("müller.example", "xn--mller-kva.example", True),
        ("", "contoso.example", False),
    ],
)
def test_names_of_one_organisation(one: str, other: str, expected: bool) -> None:
    assert related(one, other) is expected
    assert related(other, one) is expected


@given(
    channel=st.sampled_from(list(Channel)),
    kind=st.sampled_from(list(Kind)),
    suspected=st.booleans(),
    way=st.none() | st.builds(route, domain=st.sampled_from(DOMAINS), address=st.sampled_from(ADDRESSES)),
    verified=st.booleans(),
)
def test_everything_is_said_only_where_nobody_else_reads(
    channel: Channel, kind: Kind, suspected: bool, way: Route | None, verified: bool
) -> None:
    held = Affected(names=HELD.names, networks=HELD.networks, suspected=suspected)
    found = may_say(channel, kind=kind, affected=held, route=way, verified=verified)
    read = channel in READ_BY_INTRUDERS and (
        suspected
        or kind in SECRET
        or way is None
        or way.domain == "contoso.example"
        or way.addresses == ("192.0.2.9",)
    )
    unsure = channel == Channel.PHONE and not verified
    assert (found.say is Say.REFERENCE) == (read or unsure)
    assert bool(found.reasons) == (found.say is Say.REFERENCE)


@pytest.mark.parametrize("state", list(Compromise))
def test_only_evidence_ends_trouble(state: Compromise) -> None:
    calm = state in {Compromise.UNKNOWN, Compromise.TARGETED, Compromise.VERIFIED_CLEAN}
    assert troubled([(state, False)]) is not calm
    assert troubled([(state, True)]) is (state != Compromise.VERIFIED_CLEAN)


@pytest.mark.parametrize(
    "text",
    [
        "see https://x.example",
        "HTTP://X",
        "www.contoso.example",
        "CVE-2021-26855",
        "at 192.0.2.4 there",
        "2001:db8::4",
        "build 15.1.2106.2",
        "Mail.Contoso.Example",
        "CONTOSO Ltd",
    ],
)
def test_a_message_that_tells_is_found_out(text: str) -> None:
    assert leaks(["Subject", text], ["mail.contoso.example", "Contoso Ltd"])


@pytest.mark.parametrize("_number", range(50))
def test_a_reference_tells_nothing(_number: int) -> None:
    assert leaks([f"Please call us about {new_reference()} at 9:30."], ["contoso.example", "", "x"]) == []
