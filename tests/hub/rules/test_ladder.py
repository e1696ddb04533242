"""The contact ladder: who is first, what opting out changes, and that nobody who must be told is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.ladder import OWN, Candidate, Rung, Standing, climb, reminder, ways
from tocsin.hub.rules.ladder_around import Around
from tocsin.hub.rules.notices import INSISTENT, Kind, Part
from tocsin.hub.rules.prefixes import OwnerClaim
from tocsin.hub.rules.secrecy import READ_BY_INTRUDERS, Say, Verdict
from tocsin.hub.rules.words import Bounce, Channel, ClaimKind, ContactRole, Provenance

NOW = datetime(2021, 3, 4, tzinfo=UTC)


def one(contact: int, **rest: object) -> Candidate:
    fields = {"organisation": 1, "channel": Channel.EMAIL, "address": f"a{contact}@x.example", **rest}
    return Candidate(contact=contact, **fields)  # type: ignore[arg-type]  # names as Candidate has them


LADDER = (
    one(1, verified=NOW),
    one(2, provenance=Provenance.SECURITY_TXT),
    one(3),
    one(4, provenance=Provenance.RDAP, role=ContactRole.ABUSE),
    one(5, whose=Standing.PROVIDER, organisation=2),
    one(6, whose=Standing.NATIONAL, organisation=3),
)


def everything(_: Candidate) -> Verdict:
    return Verdict(say=Say.EVERYTHING)


def bare_mail(candidate: Candidate) -> Verdict:
    read = candidate.channel in READ_BY_INTRUDERS
    return Verdict(say=Say.REFERENCE if read else Say.EVERYTHING, reasons=("read",) if read else ())


def test_the_order_of_the_ladder() -> None:
    for first in range(len(LADDER)):
        found = climb(reversed(LADDER[first:]), Kind.VULNERABLE, NOW)
        assert [one.contact for one in found] == [one.contact for one in LADDER[first:]]
    assert [one.rung(NOW) for one in LADDER] == list(Rung)
    assert one(1, verified=NOW - timedelta(days=731)).rung(NOW) is Rung.DOMAIN


@pytest.mark.parametrize("kind", list(Kind))
def test_opting_out_of_mail_makes_it_a_letter(kind: Kind) -> None:
    known = [one(1, opted_out=True, verified=NOW), one(2), one(3, channel=Channel.LETTER, address="1 Street")]
    assert climb(known, kind, NOW)[0].contact == 3


candidates = st.lists(
    st.builds(
        Candidate,
        contact=st.integers(1, 999),
        organisation=st.just(1),
        channel=st.sampled_from(list(Channel)),
        address=st.text("ab", min_size=1, max_size=3),
        provenance=st.sampled_from(list(Provenance)),
        verified=st.sampled_from([None, NOW]),
        opted_out=st.booleans(),
        bounce=st.sampled_from(list(Bounce)),
        whose=st.sampled_from(list(Standing)),
    ),
    max_size=6,
    unique_by=lambda candidate: candidate.contact,
)


@given(candidates, st.sampled_from(list(Kind)))
def test_where_it_matters_everybody_with_a_living_contact_is_told(known: list[Candidate], kind: Kind) -> None:
    found = ways(known, kind, bare_mail, NOW)
    alive = [candidate for candidate in known if candidate.bounce != Bounce.HARD]
    willing = [candidate for candidate in alive if not candidate.opted_out]
    assert bool(found.choices) == bool(alive if kind in INSISTENT else willing)
    assert bool(found.choices) or found.gap
    for choice in found.choices:
        assert choice.why
        assert choice.say == bare_mail(choice.candidate).say
        if choice.candidate.opted_out:
            assert kind in INSISTENT
            assert choice.part is Part.DETAILS or not willing
    assert [choice.part for choice in found.choices] == [Part.FIRST, Part.DETAILS][: len(found.choices)]
    if found.choices and not found.gap:
        assert any(choice.say is Say.EVERYTHING for choice in found.choices)


@given(candidates, st.sampled_from(list(Kind)))
def test_reminders_end_and_never_repeat_a_channel(known: list[Candidate], kind: Kind) -> None:
    first = ways(known, kind, everything, NOW)
    used = [(choice.candidate.channel, choice.rung) for choice in first.choices]
    for _ in range(len(Channel) + 3):
        choice = reminder(known, kind, used, everything, NOW)
        if choice is None:
            break
        step = (choice.candidate.channel, choice.rung)
        if choice.rung in OWN:
            assert step[0] not in {channel for channel, rung in used if rung in OWN}
        else:
            assert choice.rung not in {rung for _, rung in used}
        used.append(step)
    else:
        raise AssertionError("reminders never end")


def test_who_holds_the_network_around() -> None:
    claims = [
        OwnerClaim(id=1, organisation=1, kind=ClaimKind.CIDR, value="192.0.2.0/28"),
        OwnerClaim(id=2, organisation=2, kind=ClaimKind.CIDR, value="192.0.2.0/24"),
        OwnerClaim(id=3, organisation=3, kind=ClaimKind.CIDR, value="192.0.0.0/16"),
        OwnerClaim(id=4, organisation=4, kind=ClaimKind.ASN, value="64500"),
        OwnerClaim(id=5, organisation=5, kind=ClaimKind.CIDR, value="no network"),
        OwnerClaim(id=6, organisation=6, kind=ClaimKind.CIDR, value="2001:db8::/32"),
    ]
    around = Around(claims)
    assert around.holders("192.0.2.4", 64500, but=1) == [2, 3, 4]
    assert around.holders("2001:db8::1", None, but=1) == [6]
    assert around.holders("203.0.113.1", None, but=1) == []
