"""Evidence that is held: the first look, whose it is, which web shells it is asked about."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.cases import making as cases
from tests.hub.owners import rows

from tocsin.errors import LimitExceeded, UsageFault
from tocsin.hub.cases.models import Case
from tocsin.hub.exposure.models import Decision
from tocsin.hub.lists import quarantine
from tocsin.hub.owners import api, deciding, examinations, handing
from tocsin.hub.owners.examination import Examined, Shell, examine
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules import handins
from tocsin.hub.rules.handins import Known, Shows, collected, identify
from tocsin.hub.rules.words import Compromise

LOG = (
    "#Software: Microsoft Internet Information Services 10.0\r\n"
    "#Fields: date time s-ip cs-method cs-uri-stem s-computername\r\n"
    "2021-03-03 04:00:00 {ip} GET /owa/ {name}\r\n"
)
FOLDER = "C/inetpub/logs/LogFiles/W3SVC1"


def packed(nonce: str, *, host: str = "MAIL01", ip: str = "192.0.2.9", name: str = "-") -> bytes:
    """A zip with a record of custody and one web log."""
    held = io.BytesIO()
    custody = {"collector": f"By hand; {nonce}", "collected_at": "2021-03-08T10:00:00Z", "host": host}
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("custody.json", json.dumps(custody))
        archive.writestr(f"{FOLDER}/u_ex210303.log", LOG.format(ip=ip, name=name))
    return held.getvalue()


def given_by(link: OwnerLink) -> Given:
    return Given(server=link.servers.get().pk, campaign=link.campaign, name="evidence.zip", link=link)


def looked_at(link: OwnerLink, data: bytes) -> HandIn:
    """Evidence by a link after the first look, and before any examination."""
    row = HandIn.objects.get(pk=handing.take_evidence([data], given_by(link)).hand_in)
    HandIn.objects.filter(pk=row.pk).update(state="examining")
    examinations.finish(row.pk, examine(examinations.look_of(row)))
    row.refresh_from_db()
    return row


def test_evidence_rests_as_held_and_its_owner_sees_that() -> None:
    server = rows.server()
    link, path = rows.link(server)
    row = looked_at(link, packed(rows.newest_nonce(link), ip=server.ip))
    assert (row.state, row.grade, row.identity) == ("held", "evidence-held", "same")
    assert row.addresses == [server.ip]
    assert row.looked is not None
    assert not Decision.objects.exists()
    page = rows.inside(path).get(path).content.decode()
    assert "evidence-held" in page
    assert "It carries the word of this page; it is of this server." in page
    assert "waits to be examined" in page
    analyst = making.person(name="A. Nalyst")
    with pytest.raises(UsageFault, match="held: there is nothing to confirm yet"):
        deciding.confirm(row, by=analyst, close=True)
    assert any("was not assessed by the hub" in one for one in deciding.objections_to(row, analyst))
    staff = Client()
    staff.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    assert "not examined yet" in staff.get(f"/hand-ins/{row.pk}/").content.decode()


def test_without_the_nonce_it_is_a_word_and_the_owner_is_told_at_once() -> None:
    link, path = rows.link(rows.server())
    row = looked_at(link, packed("tocsin-nonce-of-somebody-else"))
    assert (row.state, row.grade, row.nonce) == ("held", "self-reported", None)
    assert "It carries no word of this page" in rows.inside(path).get(path).content.decode()


def test_a_nonce_of_another_owner_is_none() -> None:
    link, _ = rows.link(rows.server())
    other, _ = rows.link(rows.server("mail02.contoso.example"))
    assert looked_at(link, packed(rows.newest_nonce(other))).nonce is None


def test_a_look_does_not_wait_for_an_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    link, _ = rows.link(rows.server())
    started: list[tuple[int, bool]] = []

    class Endless:
        def __init__(self, row: HandIn, task: Any) -> None:
            started.append((row.pk, task.look))

        def ended(self) -> bool:
            return False

    monkeypatch.setattr(examinations, "Running", Endless)
    first = handing.take_evidence([b"a"], given_by(link)).hand_in
    HandIn.objects.filter(pk=first).update(state="held", looked=timezone.now())
    second = handing.take_evidence([b"b"], given_by(link)).hand_in
    examiner = examinations.Examiner()
    assert examiner.work()
    assert sorted(started) == sorted([(second, True), (first, False)])


KNOWN = Known(hostname="mail01.contoso.example", address="192.0.2.9", build="15.1.2106.2")


@pytest.mark.parametrize(
    ("shows", "known", "answer"),
    [
        (Shows(hosts=["MAIL01"]), KNOWN, "same"),
        (Shows(hosts=["EXCH02"]), KNOWN, "unknown"),
        (Shows(hosts=["EXCH02"], addresses=["192.0.2.9"]), KNOWN, "same"),
        (Shows(hosts=["EXCH02"], addresses=["10.0.0.1"]), KNOWN, "unknown"),
        (Shows(hosts=["EXCH02", "MAIL01"]), KNOWN, "unknown"),  # logs outweigh the record of custody
        (Shows(hosts=["EXCH02"], builds=["15.1.2106.2"]), KNOWN, "same"),
        (Shows(builds=["15.1.2106.2"]), Known(build="15.1.2106.2", same_build=True), "unknown"),
        (
            Shows(hosts=["EXCH02"], builds=["15.1.2106.2"]),
            Known(build="15.1.2106.2", others=("exch02",)),
            "unknown",
        ),
        (Shows(hosts=["EXCH02"]), Known(name="EXCH01"), "different"),
        (Shows(hosts=["EXCH02", "EXCH01"]), Known(name="EXCH01"), "different"),
        (
            Shows(hosts=["EXCH02"], addresses=["192.0.2.9"]),
            Known(name="EXCH01", address="192.0.2.9"),
            "unknown",
        ),
        (Shows(addresses=["192.0.2.9"]), Known(), "unknown"),
    ],
)
def test_whose_evidence_it_is(shows: Shows, known: Known, answer: str) -> None:
    found, why = identify(shows, known)
    assert found == answer
    assert bool(why) or answer == "unknown"


def test_the_hub_compares_with_the_owners_other_servers() -> None:
    server = rows.server()
    assert server.organisation
    making.server("192.0.2.251", server.organisation, name="EXCH02", build=server.build)
    link, _ = rows.link(server)
    row = looked_at(link, packed(rows.newest_nonce(link), host="MAIL01", name="EXCH02"))
    assert (row.identity, row.grade) == ("unknown", "self-reported")
    assert row.matched == ["the evidence is of exch02, which is what another server of this owner is called"]


def test_a_clock_that_is_ahead_shows_nothing_later_than_the_upload() -> None:
    ahead, came = rows.later(999), rows.later(5)
    assert collected(ahead, ahead, received=came) == came
    assert collected(None, None, received=came) is None
    link, _ = rows.link(rows.server(), now=rows.AT)
    row = rows.examined(link, rows.clean_report(timezone.now() + timedelta(days=30)))
    assert row.collected == row.received


def reported(link: OwnerLink, shell: str, presence: str, minute: int) -> HandIn:
    """A report of a stranger that names one web shell."""
    named = {**rows.report()["verdicts"][0]["webshells"][0], "url": shell, "presence": presence}
    document = rows.report(shells=[named], collected=rows.later(minute / 60))
    return HandIn.objects.get(pk=handing.take_report([rows.as_file(document)], given_by(link)).hand_in)


def test_no_later_report_pushes_a_known_web_shell_out_of_sight() -> None:
    link, _ = rows.link(rows.server())
    first = reported(link, "/owa/auth/known.aspx", "present", 0)
    for minute in range(1, 8):
        reported(link, "/owa/auth/other.aspx", "present", minute)
    evidence = HandIn.objects.get(pk=handing.take_evidence([b"x"], given_by(link)).hand_in)
    task = examinations.task_of(evidence)
    assert task.whole
    assert len(task.earlier) == 2
    assert any(b"known.aspx" in bytes(one) for one in task.earlier)
    deciding.refuse(first, by=making.person(), reason="no")
    assert not any(b"known.aspx" in bytes(one) for one in examinations.task_of(evidence).earlier)


def test_a_report_that_calls_a_web_shell_gone_has_it_asked_after() -> None:
    link, _ = rows.link(rows.server())
    reported(link, "/owa/auth/known.aspx", "absent-on-disk", 0)
    evidence = HandIn.objects.get(pk=handing.take_evidence([b"x"], given_by(link)).hand_in)
    task = examinations.task_of(evidence)
    assert (task.earlier, task.shells) == ((), (Shell(key="/owa/auth/known.aspx"),))


def test_more_than_can_be_compared_shows_nothing_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examinations, "MOST_EARLIER", 1)
    link, _ = rows.link(rows.server())
    for minute, name in enumerate("ab"):
        reported(link, f"/owa/auth/{name}.aspx", "present", minute)
    evidence = HandIn.objects.get(pk=handing.take_evidence([b"x"], given_by(link)).hand_in)
    assert not examinations.task_of(evidence).whole


def test_the_examination_answers_for_each_known_web_shell(tmp_path: Path) -> None:
    """The folder of pages was collected, another was not: of what lay there nothing is shown."""
    server = rows.seen(tmp_path)
    link, _ = rows.link(server, now=rows.AT)
    data = rows.evidence(tmp_path, rows.scenario(), nonce=rows.newest_nonce(link))
    row = HandIn.objects.get(pk=handing.take_evidence([data], given_by(link)).hand_in)
    elsewhere = cases.case(server, url="/ecp/somewhere/hidden.aspx", campaign=link.campaign.pk, at=rows.AT)
    task = examinations.task_of(row)
    assert [one.key for one in task.shells] == [elsewhere.key]
    HandIn.objects.filter(pk=row.pk).update(state="examining")
    examinations.finish(row.pk, examine(task))
    row.refresh_from_db()
    assert row.asked == {elsewhere.key: "cannot-tell"}
    assert not row.shells_gone
    found = deciding.objections_to(row, making.person(name="A"))
    assert f"case {elsewhere}: the evidence cannot tell" in found
    Case.objects.filter(pk=elsewhere.pk).delete()
    assert examinations.task_of(row).shells == ()


def test_a_refusal_takes_back_every_alarm_that_was_raised() -> None:
    server = rows.server()
    link, _ = rows.link(server)
    row = rows.examined(link, rows.report())
    analyst = making.person(name="A")
    deciding.examine_again(row, by=analyst)
    row.refresh_from_db()
    assert (row.state, row.looked) == ("waiting", None)
    HandIn.objects.filter(pk=row.pk).update(state="examining")
    examinations.finish(row.pk, Examined(assessment=examined_of(row)))
    assert Decision.objects.filter(kind="assessment").count() == 2
    deciding.refuse(HandIn.objects.get(pk=row.pk), by=analyst, reason="of a test server")
    assert not Decision.objects.filter(kind="assessment", superseded_by=None).exists()
    assert rows.state(server) is Compromise.UNKNOWN


def examined_of(row: HandIn) -> Any:
    return examinations.msgspec.Raw(rows.as_file(row.report))


class Broken:
    """A request of which less comes than its head says."""

    headers = {"Content-Length": "8"}  # noqa: RUF012 - never changed

    def __init__(self) -> None:
        """Half of it comes."""
        self.left = io.BytesIO(b"half")

    def read(self, size: int) -> bytes:
        return self.left.read(size)


def test_what_breaks_off_is_no_evidence() -> None:
    link, path = rows.link(rows.server())
    request: Any = Broken()
    with pytest.raises(UsageFault, match="line broke"):
        api._taken(request, handins.Form.EVIDENCE, given_by(link))
    assert not HandIn.objects.exists()
    page = rows.inside(path).get(path).content.decode()
    assert page.index('id="evidence-file"') < page.rindex('name="server"')


def test_a_link_does_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handins, "MOST_BYTES_BY_LINK", 5)
    link, _ = rows.link(rows.server())
    handing.take_evidence([b"abc"], given_by(link))
    with pytest.raises(LimitExceeded, match="longer than 2 bytes"):
        handing.take_evidence([b"defg"], given_by(link))
    handing.take_evidence([b"de"], given_by(link))
    with pytest.raises(LimitExceeded, match="all that one may"):
        handing.take_evidence([b"f"], given_by(link))


def test_a_disk_that_others_fill_meanwhile_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = iter([10, 0])
    monkeypatch.setattr(quarantine, "_room", lambda: next(rooms))
    with pytest.raises(Exception, match="no room"):
        quarantine.keep([b"abc", b"def"], most=100)
