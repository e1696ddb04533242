"""Notices as rules: grouping, references, schedule, words in every language, reports for programs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.notices.operator import words
from tocsin.hub.rules import notices, xarf
from tocsin.hub.rules.ladder import Rung
from tocsin.hub.rules.notices import Kind, Part, Seen, fixed, grouped, new_reference, plain, read_reference
from tocsin.hub.rules.notices_texts import LINK, Facts
from tocsin.hub.rules.secrecy import Say, leaks
from tocsin.hub.rules.words import Channel, Compromise, Exposure

SCHEMA = Path(notices.__file__).parent / "data" / "xarf.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
SEEN = Seen(
    server=1,
    ip="192.0.2.4",
    hostname="mail.contoso.example",
    name="MAIL",
    build="15.1.2106.2",
    exposure=Exposure.VULNERABLE,
    shell=date(2021, 3, 3),
    day=date(2021, 3, 4),
    source="scan",
)
REPORTER = xarf.Reporter(org="CERT Example", contact="cert@hub.example", domain="hub.example")


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 20), st.sampled_from(list(Exposure)))))
def test_grouping_keeps_every_server_once_under_its_owner(rows: list[tuple[int, int, Exposure]]) -> None:
    given_rows = [
        (owner, Seen(server=server, ip=f"192.0.2.{server}", exposure=exposure))
        for owner, server, exposure in rows
    ]
    found = grouped(given_rows)
    assert {(owner, one.server) for owner, own in found.items() for one in own} == {
        (owner, server) for owner, server, _ in rows
    }
    for own in found.values():
        assert len({one.server for one in own}) == len(own)
        assert [one.gravity for one in own] == sorted(one.gravity for one in own)


@given(st.text())
def test_a_value_is_one_line_and_no_marker(text: str) -> None:
    found = plain(text)
    assert len(found) <= notices.LONGEST
    assert len(found.splitlines()) <= 1
    assert LINK not in found
    assert plain(found) == found


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_reference_or_none(text: str) -> None:
    found = read_reference(text)
    assert found == "" or read_reference(found) == found


def test_references_are_read_as_people_type_them() -> None:
    for _ in range(50):
        reference = new_reference()
        assert read_reference(f" {reference.lower().replace('-', ' ')}. ") == reference
        assert read_reference(reference[2:]) == reference


@pytest.mark.parametrize("language", ["en", "de", "fr", "xx"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("channel", list(Channel))
def test_every_message_of_every_language(language: str, kind: Kind, channel: Channel) -> None:
    hostile = "Evil\r\nBcc: x ${link} $reference {{ 7 }} \ue000"
    facts = Facts(
        reference="T-7K3M-9QXD-24HZ",
        sender="CERT Example",
        organisation=hostile,
        campaign="ProxyLogon",
        cves=("CVE-2021-26855",),
        servers=(SEEN,),
        directive="Directive 1",
        deadline="noon EST",
        told=date(2021, 3, 1),
    )
    for part in Part:
        bare = words().composed(kind, part, channel, Say.REFERENCE, language, facts)
        assert leaks([bare.subject, bare.text], [hostile, "192.0.2.4", "mail.contoso.example"]) == []
        assert facts.reference in bare.text
        full = words().composed(kind, part, channel, Say.EVERYTHING, language, facts)
        assert "192.0.2.4" in full.text
        assert full.text.count(LINK) == (channel != Channel.PHONE)
        above = msgspec.structs.replace(facts, rung=Rung.PROVIDER)
        assert LINK not in words().composed(kind, part, channel, Say.EVERYTHING, language, above).text
        assert "Evil Bcc: x ${link} $reference {{ 7 }}" in full.text
        assert "\n" not in full.subject
        assert facts.reference in full.text


def test_reference_mail_is_the_same_whatever_it_is_about() -> None:
    facts = Facts(reference="T-7K3M-9QXD-24HZ", sender="CERT", organisation="x", campaign="y")
    for channel in (Channel.EMAIL, Channel.WEBHOOK):
        texts = {
            words().composed(kind, part, channel, Say.REFERENCE, "en", facts).text
            for kind in Kind
            for part in Part
        }
        assert len(texts) == 1


def test_more_servers_than_a_message_lists() -> None:
    servers = tuple(Seen(server=at, ip=f"198.51.100.{at % 250}") for at in range(notices.LISTED + 30))
    facts = Facts(reference="T", sender="s", organisation="o", campaign="c", servers=servers)
    text = words().composed(Kind.VULNERABLE, Part.FIRST, Channel.EMAIL, Say.EVERYTHING, "en", facts).text
    assert "and 30 more" in text


def test_only_evidence_ends_a_compromise() -> None:
    patched = (Exposure.PATCHED, Compromise.CONFIRMED)
    assert fixed(Kind.VULNERABLE, [patched])
    assert not fixed(Kind.VULNERABLE, [patched, (Exposure.UNREACHABLE, Compromise.UNKNOWN)])
    assert not fixed(Kind.COMPROMISE, [patched])
    assert not fixed(Kind.WEBSHELL, [(Exposure.PATCHED, Compromise.REMOVED)])
    assert fixed(Kind.COMPROMISE, [(Exposure.VULNERABLE, Compromise.VERIFIED_CLEAN)])


@pytest.mark.parametrize("kind", list(Kind))
def test_reminders_come_later_and_later_and_end(kind: Kind) -> None:
    told = datetime(2021, 3, 4, tzinfo=UTC)
    moments = [notices.next_reminder(kind, told, sent) for sent in range(10)]
    known = [moment for moment in moments if moment]
    assert known == sorted(set(known))
    assert len(known) <= 4
    assert moments[-1] is None
    assert all(moment > told + timedelta(hours=23) for moment in known)


@pytest.mark.parametrize("cves", [(), ("CVE-2021-26855",), ("CVE-2021-26855", "CVE-2021-27065")])
def test_reports_for_programs_are_valid(cves: tuple[str, ...]) -> None:
    moment = datetime(2021, 3, 4, 12, tzinfo=UTC)
    about = xarf.About(reference="T-2", campaign="ProxyLogon", cves=cves, reporter=REPORTER, at=moment)
    for report in (
        xarf.vulnerability(about, SEEN),
        xarf.compromised_server(about, SEEN),
        xarf.remote_compromise(about, SEEN, "https://mail.contoso.example/aspnet_client/x.aspx"),
    ):
        VALIDATOR.validate(json.loads(xarf.encoded(report)))
    assert xarf.vulnerability(about, SEEN) == xarf.vulnerability(about, SEEN)
    pages = [
        xarf.remote_compromise(about, SEEN, f"https://mail.contoso.example/{at}.aspx") for at in (1, 2, 2)
    ]
    assert len({one["report_id"] for one in pages}) == 2


SAMPLE = {
    "xarf_version": "4.2.0",
    "report_id": "5e0f9a3e-6d0b-4a6e-9c1e-0d1f1f3a2b4c",
    "timestamp": "2025-01-11T12:49:43Z",
    "reporter": {"org": "Example Scan", "contact": "abuse@scan.example", "domain": "scan.example"},
    "sender": {"org": "Example Scan", "contact": "abuse@scan.example", "domain": "scan.example"},
    "source_identifier": "203.0.113.5",
    "source_port": 443,
    "category": "vulnerability",
    "type": "cve",
    "evidence_source": "vulnerability_scan",
    "service": "mail",
    "cve_id": "CVE-2021-26855",
    "cvss_score": 9.8,
    "evidence": [
        {"content_type": "text/plain", "description": "seen", "payload": "eA==", "hash": f"sha256:{'0' * 64}"}
    ],
    "tags": ["severity:critical"],
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "remote_compromise"},
        {"source_port": 70_000},
        {"cve_id": "26855"},
        {"timestamp": "yesterday"},
        {"report_id": "1"},
        {"reporter": {"org": "x"}},
        {"tags": ["two words"]},
        {"evidence": [{"payload": "eA=="}]},
    ],
)
def test_the_form_tells_sound_reports_from_others(wrong: dict[str, object]) -> None:
    VALIDATOR.validate(SAMPLE)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**SAMPLE, **wrong})
