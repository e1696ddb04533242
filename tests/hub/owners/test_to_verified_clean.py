"""One server from found to shown clean, with evidence that was made: what is refused on the way, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from tests.hub import making
from tests.hub.owners import rows

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.census.models import Server
from tocsin.hub.exposure.models import Decision, Event
from tocsin.hub.exposure.services import withdraw
from tocsin.hub.lists import quarantine
from tocsin.hub.owners import answering, deciding, examinations, handing, selectors
from tocsin.hub.owners.answering import Reply
from tocsin.hub.owners.examination import Examined, examine
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules.links import Answered
from tocsin.hub.rules.words import Compromise

CLAIMED = datetime(2021, 3, 10, 12, tzinfo=UTC)


def bring(link: OwnerLink, data: bytes) -> HandIn:
    """Evidence by a link, examined here and now."""
    server = link.servers.get()
    given = Given(server=server.pk, campaign=link.campaign, name="evidence.zip", link=link)
    taken = handing.take_evidence([data], given)
    row = HandIn.objects.get(pk=taken.hand_in)
    HandIn.objects.filter(pk=row.pk).update(state="examining")
    examinations.finish(row.pk, examine(examinations.task_of(row)))
    row.refresh_from_db()
    assert row.fault == ""
    return row


def claim(link: OwnerLink) -> None:
    answering.answer(link, Reply(kind=Answered.REMOVAL_CLAIMED, text="deleted it"), now=CLAIMED)


def test_from_found_to_verified_clean(tmp_path: Path) -> None:
    server, analyst = rows.seen(tmp_path), making.person(name="A. Nalyst")
    link, _ = rows.link(server, now=rows.AT)
    assert rows.state(server) is Compromise.SUSPECTED

    dirty = rows.evidence(tmp_path, rows.before_removal(), nonce=rows.newest_nonce(link))
    first = bring(link, dirty)
    assert (first.state, first.grade, first.identity) == ("open", "re-assessed", "same")
    assert "the name MAIL01 is its host name" in first.matched
    assert (first.compromise, first.residual) == ("confirmed", "present")
    assert rows.state(server) is Compromise.CONFIRMED  # bad news needs nobody
    with pytest.raises(UsageFault, match="something is still there"):
        deciding.confirm(first, by=analyst, close=True)
    deciding.confirm(first, by=analyst)

    clean_but_old_nonce = rows.evidence(tmp_path, rows.scenario(), nonce=rows.newest_nonce(link))
    second = bring(link, clean_but_old_nonce)
    assert deciding.objections_to(second, analyst) == ["nobody has claimed the removal of what was found"]
    claim(link)
    assert rows.state(server) is Compromise.REMOVED
    assert deciding.objections_to(second, analyst) == [
        "it carries a nonce that was given before the removal was claimed"
    ]
    with pytest.raises(UsageFault, match="before the removal was claimed"):
        deciding.confirm(second, by=analyst, close=True)
    assert rows.state(server) is Compromise.REMOVED

    third = bring(link, rows.evidence(tmp_path, rows.scenario(), nonce=rows.newest_nonce(link)))
    assert deciding.objections_to(third, None) == ["no analyst answers for it by name"]
    assert third.shells_gone
    assert third.window_covered
    deciding.confirm(third, by=analyst, close=True)
    assert rows.state(server) is Compromise.VERIFIED_CLEAN
    assert [one.pk for one in selectors.accepted_assessments(server.pk, link.campaign.pk)] == [
        third.pk,
        first.pk,
    ]
    told = Event.objects.filter(kind="decision", after="assessment").order_by("id").last()
    assert told
    assert told.detail["evidence"] == f"sha256:{third.digest}"


def test_evidence_from_before_the_claim_closes_nothing(tmp_path: Path) -> None:
    """By its own time: the record of custody may say what it wants, the last record is older."""
    server, analyst = rows.seen(tmp_path), making.person(name="A. Nalyst")
    link, _ = rows.link(server, now=rows.AT)
    claim(link)
    old, forged = rows.clean_report(rows.later(24)), rows.clean_report(rows.later(24 * 20))
    log = {"kind": "iis.w3c", "wanted": True, "files": 1, "from": "2021-01-01T00:00:00Z"}
    counts = dict.fromkeys(("lines", "records", "unreadable", "headers", "blank", "errors", "lost"), 0)
    forged["coverage"]["artefacts"] = [{**log, "until": "2021-03-09T11:00:00Z", **counts, "gaps": []}]
    for document in (old, forged):
        row = rows.examined(link, document)
        assert [
            one for one in deciding.objections_to(row, analyst) if "before the removal was claimed" in one
        ]
        with pytest.raises(UsageFault, match="it shows the server until 2021-03-09"):
            deciding.confirm(row, by=analyst, close=True)
    assert not HandIn.objects.filter(shown_clean=True).exists()
    assert rows.state(server) is Compromise.REMOVED


def test_an_edited_report_closes_nothing(tmp_path: Path) -> None:
    """Whatever an owner writes into the JSON, it is what somebody else says."""
    server, analyst = rows.seen(tmp_path), making.person(name="A. Nalyst")
    link, path = rows.link(server, now=rows.AT)
    claim(link)
    edited = rows.report(
        compromise="no-evidence",
        residual="none-seen",
        exposure="patched",
        shells=[],
        collected=rows.later(24 * 30),
    )
    edited["grade"] = "re-assessed"
    edited["shown_clean"] = True
    taken = handing.take_report(
        [rows.as_file(edited)],
        Given(server=server.pk, campaign=link.campaign, name="assessment.json", link=link),
    )
    row = HandIn.objects.get(pk=taken.hand_in)
    assert (row.grade, row.shown_clean, row.state) == ("self-reported", False, "open")
    before = rows.state(server), rows.standing(server).exposure
    with pytest.raises(UsageFault, match="only evidence closes"):
        deciding.confirm(row, by=analyst, close=True)
    deciding.confirm(row, by=analyst)
    assert (rows.state(server), rows.standing(server).exposure) == before
    assert path


def test_evidence_of_another_server_or_without_the_nonce_is_a_word(tmp_path: Path) -> None:
    server, analyst = rows.seen(tmp_path, hostname="owa.contoso.example"), making.person(name="A. Nalyst")
    link, _ = rows.link(server, now=rows.AT)
    claim(link)
    clean = rows.clean_report(rows.later(100))
    row = rows.examined(link, clean)
    assert (row.grade, row.identity) == ("self-reported", "unknown")
    server.name = "OWA7"
    server.save()
    row = rows.examined(link, clean)
    assert (row.grade, row.identity) == ("self-reported", "different")
    found = deciding.objections_to(row, analyst)
    assert "it is of another server" in found
    assert "the evidence was not assessed by the hub or an accredited responder" in found
    row = rows.examined(link, rows.clean_report(rows.later(100), host="owa7"), nonce="")
    assert (row.grade, row.identity, row.nonce) == ("self-reported", "same", None)
    assert [one for one in deciding.objections_to(row, analyst) if "nonce is neither" in one]


def test_bad_news_of_another_server_raises_no_alarm(tmp_path: Path) -> None:
    server = rows.seen(tmp_path, shell=False)
    server.name = "OTHER"
    server.hostname = "other.contoso.example"
    server.save()
    link, _ = rows.link(server, now=rows.AT)
    rows.examined(link, rows.report())
    assert rows.state(server) is Compromise.UNKNOWN


def closed(folder: Path) -> tuple[Server, OwnerLink, User, HandIn]:
    server, analyst = rows.seen(folder), making.person(name="A. Nalyst")
    link, _ = rows.link(server, now=rows.AT)
    claim(link)
    row = rows.examined(link, rows.clean_report(rows.later(100)))
    row = deciding.confirm(row, by=analyst, close=True)
    assert rows.state(server) is Compromise.VERIFIED_CLEAN
    return server, link, analyst, row


def test_later_bad_news_opens_it_again(tmp_path: Path) -> None:
    server, link, _, _ = closed(tmp_path)
    later = rows.report(collected=datetime(2021, 4, 1, tzinfo=UTC))
    given = Given(server=server.pk, campaign=link.campaign, name="x", link=link)
    handing.take_report([rows.as_file(later)], given)
    assert rows.state(server) is Compromise.CONFIRMED


def test_taking_the_decision_back_takes_clean_back(tmp_path: Path) -> None:
    server, link, analyst, row = closed(tmp_path)
    assert row.decision
    withdraw(by=analyst, decision=row.decision, reason="the wrong server")
    assert rows.state(server) is Compromise.REMOVED
    assert not selectors.accepted_assessments(server.pk, link.campaign.pk).exists()


def test_refusing_a_hand_in_takes_its_alarm_back(tmp_path: Path) -> None:
    server, analyst = rows.seen(tmp_path, shell=False), making.person(name="A. Nalyst")
    link, _ = rows.link(server, now=rows.AT)
    row = rows.examined(link, rows.report())
    assert rows.state(server) is Compromise.CONFIRMED
    with pytest.raises(UsageFault, match="needs a reason"):
        deciding.refuse(row, by=analyst, reason=" ")
    deciding.refuse(row, by=analyst, reason="a test server's evidence")
    assert rows.state(server) is Compromise.UNKNOWN
    with pytest.raises(UsageFault, match="decided about before"):
        deciding.confirm(row, by=analyst)


@pytest.mark.slow
def test_the_examination_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    server = rows.seen(tmp_path)
    link, path = rows.link(server)
    data = rows.evidence(tmp_path, rows.before_removal(), nonce=rows.newest_nonce(link))
    file = tmp_path / "evidence.zip"
    file.write_bytes(data)
    client = rows.inside(path)
    with file.open("rb") as stream:
        client.post(f"{path}evidence", {"file": stream, "server": server.pk})
    row = HandIn.objects.get()
    assert row.state == "waiting"
    place = quarantine.place_of(row.digest)
    assert place.stat().st_mode & 0o777 == 0o600
    examiner = examinations.Examiner()
    while examiner.work():
        pass
    row.refresh_from_db()
    assert (row.state, row.fault, row.grade) == ("open", "", "re-assessed")
    assert rows.state(server) is Compromise.CONFIRMED
    assert "re-assessed" in _page(row)
    assert row.answer in client.get(path).content.decode()


def _page(row: HandIn) -> str:
    staff = Client()
    staff.force_login(making.person(), backend="django.contrib.auth.backends.ModelBackend")
    return staff.get(f"/hand-ins/{row.pk}/").content.decode()


def test_a_killed_examination_is_begun_again_and_not_for_ever(tmp_path: Path) -> None:
    server = rows.seen(tmp_path)
    link, _ = rows.link(server)
    given = Given(server=server.pk, campaign=link.campaign, name="x.zip", link=link)
    taken = handing.take_evidence([b"PK"], given)
    for looked, start in ((None, examinations.begin_look), (rows.AT, examinations.begin)):
        HandIn.objects.update(state="examining", began=rows.AT, attempts=3, looked=looked, fault="")
        assert start(datetime.now(UTC)) is None
        row = HandIn.objects.get(pk=taken.hand_in)
        assert (row.state, row.fault) == ("unreadable", examinations.BROKE)


def test_an_answer_that_comes_too_late_changes_nothing(tmp_path: Path) -> None:
    server = rows.seen(tmp_path)
    link, _ = rows.link(server)
    given = Given(server=server.pk, campaign=link.campaign, name="x.zip", link=link)
    taken = handing.take_evidence([b"PK"], given)
    examinations.finish(taken.hand_in, Examined(fault="late"))
    assert HandIn.objects.get().state == "waiting"
    assert not Decision.objects.exists()
