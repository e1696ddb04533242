"""Rules of incident reports: work, clocks, states, safe contacts, what others are given."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from pymisp import MISPEvent
from stix2validator import ValidationOptions, validate_string

from tocsin.errors import UsageFault
from tocsin.hub.rules import work_proof
from tocsin.hub.rules.incident import Stage, State, claimed, following, move, safe_contact, servers_of
from tocsin.hub.rules.incident_clocks import Standing, clocks, next_due
from tocsin.hub.rules.incident_shared import Shared
from tocsin.hub.rules.misp_incident import event
from tocsin.hub.rules.stix_incident import bundle
from tocsin.hub.rules.tlp import Tlp
from tocsin.hub.rules.xarf import Reporter
from tocsin.hub.rules.xarf_incident import reports

KEY = b"a key of the hub"
NOW = datetime(2021, 3, 3, 12, tzinfo=UTC)
SCHEMA = Path(work_proof.__file__).parent / "data" / "xarf.schema.json"
XARF = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
REPORTER = Reporter(org="CERT Example", contact="cert@hub.example", domain="hub.example")
LEAVES = [mark.value for mark in Tlp if mark is not Tlp.RED]


@given(bits=st.integers(0, 8))
def test_work_that_was_done_is_good_until_it_ends(bits: int) -> None:
    proof = work_proof.solve(work_proof.challenge(KEY, bits=bits, now=NOW))
    verdict = work_proof.check(KEY, proof, now=NOW)
    assert (verdict.why, verdict.ends) == ("", NOW + work_proof.GOOD_FOR)
    assert work_proof.check(KEY, proof, now=NOW + work_proof.GOOD_FOR).why == "expired"
    assert work_proof.check(b"another", proof, now=NOW).why == "forged"


def test_nobody_makes_it_easier_or_longer() -> None:
    asked = work_proof.challenge(KEY, bits=20, now=NOW)
    for change in (asked.replace("1.20.", "1.00.", 1), asked.replace("1.20.1", "1.20.9", 1)):
        assert work_proof.check(KEY, f"{change}:1", now=NOW).why == "forged"
    assert work_proof.check(KEY, f"{asked}:1", now=NOW).why == "wrong"


@given(st.text(max_size=300))
def test_any_text_gets_an_answer(text: str) -> None:
    assert work_proof.check(KEY, text, now=NOW).why == "malformed"


@given(st.integers(0, 10**6))
def test_it_gets_harder_with_a_flood_and_never_absurd(recent: int) -> None:
    bits = work_proof.difficulty(recent)
    assert work_proof.EASIEST <= bits <= work_proof.HARDEST
    assert bits <= work_proof.difficulty(recent + 1)
    assert work_proof.difficulty(0) == work_proof.EASIEST


@given(st.binary(min_size=32, max_size=32))
def test_zero_bits_are_counted_from_the_left(digest: bytes) -> None:
    spelt = "".join(f"{byte:08b}" for byte in digest)
    assert work_proof.zero_bits(digest) == len(spelt) - len(spelt.lstrip("0"))


def clock_of(name: str, aware: datetime, **came: datetime) -> Any:
    stages = {key.replace("_", "-"): at for key, at in came.items()}
    found = clocks(aware, stages, received=aware, personal=True, now=NOW)
    return next(each for each in found if each.name == name)


@pytest.mark.parametrize(
    ("aware", "name", "due"),
    [
        ("2021-03-03T09:00+00:00", "early-warning", "2021-03-04T09:00"),
        ("2021-03-03T09:00+00:00", "notification", "2021-03-06T09:00"),
        ("2021-03-03T09:00+00:00", "personal-data", "2021-03-06T09:00"),
        # Clocks in Berlin go forward on 28 March 2021: 24 and 72 hours are hours.
        ("2021-03-27T22:30+01:00", "early-warning", "2021-03-28T21:30"),
        ("2021-03-27T22:30+01:00", "notification", "2021-03-30T21:30"),
        # New York's go forward on 14 March.
        ("2021-03-13T20:00-05:00", "early-warning", "2021-03-15T01:00"),
        # A month after 31 January ends with February, whose 28th was a Sunday in 2021.
        ("2021-01-28T08:00+00:00", "final", "2021-03-01T23:59:59"),
        ("2024-01-28T08:00+00:00", "final", "2024-02-29T23:59:59"),
        ("2021-12-28T08:00+00:00", "final", "2022-01-31T23:59:59"),
    ],
)
def test_when_what_is_due(aware: str, name: str, due: str) -> None:
    assert clock_of(name, datetime.fromisoformat(aware)).due == datetime.fromisoformat(due).replace(
        tzinfo=UTC
    )


def test_the_final_report_counts_from_the_notification() -> None:
    aware = datetime(2021, 3, 1, tzinfo=UTC)
    sent = datetime(2021, 3, 31, 10, tzinfo=UTC)
    assert clock_of("final", aware, notification=sent).due == datetime(2021, 4, 30, 23, 59, 59, tzinfo=UTC)
    assert clock_of("notification", aware, notification=sent).standing is Standing.LATE


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    st.booleans(),
    st.integers(0, 2000),
)
def test_clocks_are_what_they_say(aware: datetime, personal: bool, hours: int) -> None:
    now = aware + timedelta(hours=hours)
    found = clocks(aware, {"early-warning": aware}, received=aware, personal=personal, now=now)
    assert ("personal-data" in {each.name for each in found}) is personal
    assert [each.due for each in found] == sorted(each.due for each in found)
    for each in found:
        running = each.came is None and now <= each.due
        assert (each.standing is Standing.RUNNING) is running
    assert next_due(found) == min(each.due for each in found if each.came is None)
    assert next_due([each for each in found if each.came]) is None


@given(st.lists(st.sampled_from(list(State)), max_size=10))
def test_a_merged_report_stays_merged(wanted: list[State]) -> None:
    state = State.RECEIVED
    for word in wanted:
        allowed = word in following(state)
        try:
            after = move(state, word)
        except UsageFault:
            assert not allowed
            continue
        assert allowed
        assert state is not State.MERGED
        state = after


@pytest.mark.parametrize(
    ("contact", "affected", "refused", "doubts"),
    [
        ("a@contoso.example", ["mail.contoso.example"], True, 0),
        ("a@mail.contoso.example", ["contoso.example"], True, 0),
        ("a@CONTOSO.example", ["https://mail.contoso.example/owa/"], True, 0),
        ("a@home.example", ["mail.contoso.example"], False, 0),
        ("a@it.contoso.example", ["mail.contoso.example"], False, 1),
        ("a@notcontoso.example", ["contoso.example"], False, 0),
        ("+44 20 7946 0000", ["contoso.example"], False, 0),
    ],
)
def test_mail_that_the_intruder_may_read(
    contact: str, affected: list[str], *, refused: bool, doubts: int
) -> None:
    said = safe_contact(contact, affected=affected)
    assert (bool(said.refused), len(said.doubts)) == (refused, doubts)


def test_the_address_at_work_counts_as_affected() -> None:
    assert safe_contact("a@contoso.example", affected=[], work_address="b@contoso.example").refused
    assert claimed("a@mail.contoso.example", ["contoso.example", "other.example"]) == (
        "mail.contoso.example lies in contoso.example, which the affected organisation claims",
    )
    assert claimed("+44 20", ["contoso.example"]) == ()


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_contact_gets_an_answer(contact: str, text: str) -> None:
    safe_contact(contact, affected=servers_of(text), work_address=contact)


def test_stages_are_in_the_order_of_the_directive() -> None:
    assert list(Stage)[:4] == [Stage.EARLY_WARNING, Stage.NOTIFICATION, Stage.INTERMEDIATE, Stage.FINAL]


SHARED = st.builds(
    Shared,
    uuid=st.uuids(version=5).map(str) | st.just(str(UUID("5b9f2a57-6d6f-5a64-9f8c-0d7dd25d8a11"))),
    reference=st.just("IR-2021-ABCDEFGH"),
    publisher=st.tuples(st.just("0c4a2b9e-1f5e-5d2c-8a6b-3b1d4b1f9c77"), st.just("CERT Contoso")),
    at=st.just(NOW),
    changed=st.sampled_from([NOW, NOW + timedelta(hours=3)]),
    aware=st.just(NOW - timedelta(hours=2)),
    tlp=st.sampled_from(LEAVES),
    summary=st.sampled_from(["Words of the form", '<script>"=1+1']),
    cves=st.sampled_from([(), ("CVE-2021-26855", "CVE-2021-27065")]),
    campaign=st.sampled_from(["", "ProxyLogon"]),
    addresses=st.sampled_from([(), ("192.0.2.1", "2001:db8::1")]),
    hosts=st.sampled_from([(), ("mail.contoso.example",)]),
    victim=st.sampled_from(["", "Contoso"]),
    sector=st.just(""),
    country=st.sampled_from(["", "GB"]),
    confirmed=st.booleans(),
)


@given(SHARED)
def test_stix_is_valid_by_two_independent_readers(shared: Shared) -> None:
    text = json.dumps(bundle(shared))
    found = stix2.parse(text, allow_custom=False)
    assert {one.type for one in found.objects} >= {"incident", "report", "marking-definition"}
    result = validate_string(text, ValidationOptions(version="2.1", strict=False))
    assert result.is_valid, [error.message for one in result.object_results for error in one.errors]
    marks = {ref for one in json.loads(text)["objects"] for ref in one.get("object_marking_refs", [])}
    assert len(marks) == 1


@given(SHARED)
def test_misp_reads_the_event(shared: Shared) -> None:
    text = json.dumps(event(shared))
    read = MISPEvent()
    read.load(text)
    assert read.uuid == shared.uuid
    assert {tag.name for tag in read.tags} >= {f"tlp:{shared.tlp}"}
    wanted = {*shared.addresses, *shared.hosts, *shared.cves, shared.reference}
    assert wanted <= {attribute.value for attribute in read.attributes}
    assert len({attribute.uuid for attribute in read.attributes}) == len(read.attributes)


@given(SHARED)
def test_xarf_is_valid_for_each_server(shared: Shared) -> None:
    if not shared.addresses:
        with pytest.raises(UsageFault, match="names none"):
            reports(shared, REPORTER)
        return
    found = reports(shared, REPORTER)
    for one in found:
        XARF.validate(json.loads(json.dumps(one)))
    assert {one["source_identifier"] for one in found} == set(shared.addresses)
    assert len({one["report_id"] for one in found}) == len(found)
    assert found == reports(shared, REPORTER)


def _xarf(shared: Shared) -> object:
    return reports(shared, REPORTER)


@given(SHARED, st.sampled_from([bundle, event, _xarf]))
def test_red_never_leaves(shared: Shared, form: Any) -> None:
    from msgspec import structs  # noqa: PLC0415 - the only use

    for mark in ("red", "nonsense"):
        with pytest.raises(UsageFault, match="may not leave"):
            form(structs.replace(shared, tlp=mark))
