"""What carriers may be told and say; what attackers run, in every way of writing; whom to write to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageFault
from tocsin.hub.rules import relay_reports as reports
from tocsin.hub.rules.relay import (
    INSIDE,
    NOT_TOLD,
    Answer,
    Label,
    RowState,
    Terms,
    Wait,
    Why,
    belongs,
    label_of,
    refuse,
    time_to,
    told_compromise,
)
from tocsin.hub.rules.relay_reports import Kind, Known, Sender, Sighting, State
from tocsin.hub.rules.relay_scope import Part, Reaches, networks_around, parents
from tocsin.hub.rules.words import Compromise, Exposure

TODAY = date(2021, 3, 10)
NOW = datetime(2021, 3, 10, tzinfo=UTC)
terms = st.builds(Terms, ceiling=st.sampled_from(Label), compromise=st.booleans(), owners=st.booleans())


@given(terms=terms, exposure=st.sampled_from(Exposure), compromise=st.sampled_from(Compromise))
def test_compromise_is_told_under_an_agreement_and_its_label_alone(
    terms: Terms, exposure: Exposure, compromise: Compromise
) -> None:
    agreed = terms.compromise and terms.ceiling in {Label.AMBER_STRICT, Label.RED}
    assert (told_compromise(compromise, terms) == NOT_TOLD) == (not agreed)
    why = belongs(exposure, compromise, terms)
    if why is Why.COMPROMISE:
        assert agreed
        assert compromise in INSIDE
    if why is not None:
        assert label_of(compromise, terms).narrowness <= terms.ceiling.narrowness
    if not agreed:  # neither what is told nor how it is marked depends on the secret
        assert {belongs(exposure, other, terms) for other in Compromise} == {why}
        assert {label_of(other, terms) for other in Compromise} == {Label.AMBER}


@given(
    ip=st.ip_addresses(),
    parts=st.lists(st.tuples(st.ip_addresses(), st.integers(1, 32), st.integers(0, 5)), max_size=8),
)
def test_networks_are_those_that_hold_the_address(ip: object, parts: list[tuple[object, int, int]]) -> None:
    networks = [(ip_network((str(start), length), strict=False), carrier) for start, length, carrier in parts]
    made = Reaches(Part(carrier=carrier, kind="cidr", value=str(network)) for network, carrier in networks)
    assert made.carriers(str(ip)) == {carrier for network, carrier in networks if ip in network}


@given(ip=st.ip_addresses())
def test_networks_around_an_address_hold_it_and_narrow_comes_first(ip: object) -> None:
    found = [ip_network(text) for text in networks_around(str(ip))]
    assert all(ip in network for network in found)
    assert [network.prefixlen for network in found] == list(range(found[0].max_prefixlen, 0, -1))


def test_scopes_that_make_no_sense_carry_nobody() -> None:
    made = Reaches([Part(carrier=1, kind="cidr", value="nowhere"), Part(carrier=2, kind="asn", value="x")])
    assert made.carriers("192.0.2.1", names=["a.example"], asn=1, owner=1) == frozenset()
    assert made.carriers("no address") == frozenset()
    assert parents("a.b.example.") == ["a.b.example", "b.example"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(state=RowState.NO_ANSWER), "silence"),
        (Answer(state=RowState.PASSED_ON), "which day"),
        (Answer(state=RowState.PASSED_ON, day=TODAY + timedelta(days=1)), "future"),
        (Answer(state=RowState.PASSED_ON, day=date(2019, 3, 10)), "year back"),
        (Answer(state=RowState.CANNOT_REACH, note=" "), "say why"),
        (Answer(state=RowState.NOT_OURS), "say why"),
    ],
)
def test_answers_that_are_none(answer: Answer, says: str) -> None:
    assert says in (refuse(answer, TODAY) or "")


def test_answers_that_are() -> None:
    assert refuse(Answer(state=RowState.PASSED_ON, day=TODAY), TODAY) is None
    assert refuse(Answer(state=RowState.FIXED), TODAY) is None
    assert refuse(Answer(state=RowState.NOT_OURS, note="sold in 2019"), TODAY) is None


def test_waiting_counts() -> None:
    began = NOW - timedelta(days=10)
    came = [Wait(began=began, came=began + timedelta(days=days)) for days in (1, 2)]
    assert time_to(came, NOW).median == 1.0
    assert time_to([*came, Wait(began=began), Wait(began=began)], NOW).median == 2.0
    assert time_to([*came, *[Wait(began=began)] * 3], NOW).median is None
    assert time_to([], NOW).asked == 0
    early = time_to([Wait(began=NOW, came=NOW - timedelta(days=1))], NOW)  # passed on before it was told
    assert (early.came, early.median) == (1, 0.0)


@pytest.mark.parametrize(
    ("text", "kind", "value", "host"),
    [
        ("203.0.113[.]9", Kind.IP, "203.0.113.9", "203.0.113.9"),
        ("2001:DB8::0001", Kind.IP, "2001:db8::1", "2001:db8::1"),
        ("C2.Contoso[.]EXAMPLE.", Kind.DOMAIN, "c2.contoso.example", "c2.contoso.example"),
        ("hxxps://C2.contoso.example/A?b", Kind.URL, "https://c2.contoso.example/A?b", "c2.contoso.example"),
        ("http://u:p@192.0.2.1:81/x#y", Kind.URL, "http://192.0.2.1:81/x", "192.0.2.1"),
        ("http://[2001:db8::1]/", Kind.URL, "http://[2001:db8::1]/", "2001:db8::1"),
    ],
)
def test_ways_of_writing(text: str, kind: Kind, value: str, host: str) -> None:
    assert reports.sound(text) == (kind, value)
    assert reports.host_of(kind, value) == host
    assert reports.sound(reports.disguised(value)) == (kind, value)
    assert "http" not in reports.disguised(value)


@given(text=st.text(max_size=60) | st.from_regex(r"(hxxps?|http|ftp)://[^ ]{0,20}", fullmatch=True))
def test_whatever_is_typed_is_one_of_them_or_refused(text: str) -> None:
    try:
        kind, value = reports.sound(text)
    except UsageFault:
        return
    assert reports.sound(value) == (kind, value)
    host = reports.host_of(kind, value)
    assert host
    assert not any(character in value for character in "\r\n\0 ")
    if kind is Kind.IP:
        ip_address(value)


def known(number: int, **rest: object) -> Known:
    fields = {"name": "Hoster", "role": "abuse", "provenance": "rdap", "nearness": 8, "usable": True, **rest}
    return Known(**{"organisation": 1, "contact": number, "address": f"a{number}@hoster.example", **fields})  # type: ignore[arg-type]  # varied


def test_whom_to_write_to() -> None:
    rows = [
        known(1, role="technical"),
        known(2),
        known(3, provenance="manual"),
        known(4, nearness=1, role="technical"),
        known(5, usable=False, nearness=0),
        known(6, address="hostmaster@ARIN.net", nearness=0),
        known(7, address="A2@hoster.example", nearness=20),
    ]
    assert [one.contact for one in reports.recipients(rows)] == [4, 3, 2, 1]


@given(before=st.sampled_from(State), after=st.lists(st.sampled_from(State), max_size=6))
def test_nothing_comes_back_from_withdrawn_and_nothing_back_to_the_queue(
    before: State, after: list[State]
) -> None:
    state = before
    for one in after:
        if reports.may(state, one):
            assert state is not State.WITHDRAWN
            assert one is not State.QUEUED
            state = one


def test_a_report_for_people_and_one_for_programs() -> None:
    seen = Sighting(
        kind="url",
        value="http://c2.contoso.example/x",
        use="command-and-control",
        first=NOW - timedelta(days=1),
        last=NOW,
        campaign="proxylogon",
        public="Answers with 200.",
        reference="550e8400-e29b-41d4-a716-446655440000",
    )
    sender = Sender(name="CERT", address="reports@cert.example")
    subject, text = reports.letter(seen, sender)
    assert subject == "Abuse report 550e8400: command-and-control at c2[.]contoso[.]example"
    assert "  url: hxxp://c2[.]contoso[.]example/x\n" in text
    assert reports.xarf(seen, sender) == {
        "xarf_version": "4.2.0",
        "report_id": seen.reference,
        "timestamp": "2021-03-10T00:00:00Z",
        "reporter": {"org": "CERT", "contact": "reports@cert.example", "domain": "cert.example"},
        "sender": {"org": "CERT", "contact": "reports@cert.example", "domain": "cert.example"},
        "source_identifier": "c2.contoso.example",
        "category": "reputation",
        "type": "threat_intelligence",
        "threat_type": "command-and-control",
        "evidence_source": "researcher_analysis",
        "first_seen": "2021-03-09T00:00:00Z",
        "last_seen": "2021-03-10T00:00:00Z",
        "description": "Answers with 200.",
        "url": "http://c2.contoso.example/x",
        "tags": ["campaign:proxylogon"],
    }
