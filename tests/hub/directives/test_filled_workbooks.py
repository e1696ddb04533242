"""The issuer's workbook, filled from what is known and read back as claims."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from tests.hub import making
from tests.hub.directives import making as orders
from tests.hub.incidents import making as incidents

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.directives import services, workbooks
from tocsin.hub.directives.loading import workbook_of
from tocsin.hub.directives.models import Answer, Return, Word
from tocsin.hub.directives.services import Asking, Saying, Signing
from tocsin.hub.incidents import handling
from tocsin.hub.rules.incident import State
from tocsin.hub.rules.words import Channel, Exposure, Role
from tocsin.hub.rules.workbooks.filling import Entry, Filling, fill
from tocsin.hub.rules.workbooks.reading import read

pytestmark = pytest.mark.django_db
EVIL = '=HYPERLINK("http://198.51.100.9/","x")'


@pytest.fixture
def analyst(person: Callable[..., User]) -> User:
    return person(Role.ANALYST)


def test_what_was_filled_reads_back_and_says_nothing_new(analyst: User) -> None:
    row, owner = orders.directive(), orders.agency(EVIL)
    making.contact(owner, "soc@contoso.example", name="Security desk")
    making.contact(owner, "+1 202 555 0100", channel=Channel.PHONE)
    clean = orders.exchange("192.0.2.1", owner, Exposure.PATCHED, hostname="mail.contoso.example")
    dirty = orders.exchange("192.0.2.2", owner)
    orders.assessment(clean, by=analyst)
    orders.assessment(dirty, by=analyst, rules=(orders.RUN, orders.ALARM))
    orders.work_off()
    services.say(row, owner.pk, [Saying(requirement="firewall-deny", said="yes", text=EVIL)], by=analyst)
    services.say(row, owner.pk, [Saying(requirement="updates", said="no", server=dirty.pk)], by=analyst)
    asking = Asking(requirement="supported", reason="old", until=timezone.now().date() + timedelta(days=5))
    other = making.person(Role.ANALYST)
    services.decide_exception(
        services.ask_exception(row, owner.pk, asking, by=analyst), by=other, approve=True
    )

    (made,) = workbooks.filled(row, owner)
    layout, _ = workbook_of(row)
    taken = read(layout, made.data, where="x")
    assert taken.doubts == ()
    assert taken.cells["fact:organisation.name"].text == EVIL
    assert taken.cells["fact:contact.phone"].text == "+1 202 555 0100"
    assert taken.cells["question:hosted"].word == "yes"
    first, second = taken.rows["server"]
    assert first.said["requirement:msert"].word == "yes"
    assert second.said["requirement:msert"].word == "found"
    assert [row_.said["requirement:firewall-deny"].word for row_ in (first, second)] == ["yes", "yes"]
    assert ("requirement:updates" in first.said, second.said["requirement:updates"].word) == (False, "no")
    assert first.said["requirement:supported"].word == "no"
    assert EVIL in first.said[f"notes:firewall-deny+{REST}"].text
    assert first.said["fact:server.updated"].word == "yes"
    shown = {
        (cell.cell, cell.standing, cell.locators) for cell in made.cells if cell.about == "requirement:msert"
    }
    assert ("F7", "proven", (f"sha256:{clean.pk} C/Windows/debug/msert.log:1",)) in shown

    words = Word.objects.count()
    before = list(Answer.objects.order_by("pk").values())
    kept = workbooks.take_in(row, owner, made.data, "back.xlsx", by=analyst)
    assert (kept.unmatched, kept.doubts, Word.objects.count()) == ([], [], words)
    assert [each | {"changed": None} for each in Answer.objects.order_by("pk").values()] == [
        each | {"changed": None} for each in before
    ]
    assert workbooks.take_in(row, owner, made.data, "again.xlsx", by=analyst) == kept
    assert Return.objects.count() == 1


REST = (
    "firewall-rfc+updates+supported+accounts+privileged-groups+sensitive-roles+least-privilege"
    "+no-domain-admins+no-cloud-admins+attack-paths+logs-kept+anti-malware+monitored"
)


def test_what_comes_back_is_a_claim_and_nothing_of_it_is_lost() -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    layout, template = workbook_of(row)
    rows = [
        {
            "fact:server.address": Entry(value="192.0.2.1"),
            "requirement:msert": Entry(value="found", reason="shell", standing="claimed"),
            "requirement:logs-kept": Entry(value="no"),
        },
        {"fact:server.address": Entry(value="198.51.100.77"), "requirement:msert": Entry(value="yes")},
    ]
    (made,) = fill(
        layout, template, Filling(cells={"question:hosted": Entry(value="yes")}, rows={"server": rows})
    )
    kept = workbooks.take_in(row, owner, made.data, "x.xlsx", by=making.member(owner))
    assert kept.unmatched == [8]
    assert kept.content["rows"]["server"][1]["said"]["fact:server.address"]["text"] == "198.51.100.77"
    shown = orders.answer(row, "msert", server__isnull=False)
    assert (shown.standing, shown.found) == ("claimed", True)
    assert "shell" in shown.reason
    assert orders.answer(row, "logs-kept").standing == "missing"
    assert Word.objects.filter(source=f"workbook:{kept.pk}").count() == 2
    assert row.replies.get().value


def test_one_file_with_the_proof_of_every_cell() -> None:
    row, owner = orders.directive(), orders.agency(EVIL)
    orders.exchange("192.0.2.1", owner, Exposure.PATCHED)
    orders.work_off()
    made = workbooks.filled(row, owner)
    with zipfile.ZipFile(io.BytesIO(workbooks.bundle(row, made))) as archive:
        assert archive.namelist() == ["ed-21-02.xlsx", "ed-21-02-proofs.csv"]
        assert archive.read("ed-21-02.xlsx") == made[0].data
        listed = list(csv.DictReader(io.StringIO(archive.read("ed-21-02-proofs.csv").decode())))
    assert {line["cell"] for line in listed} >= {"D5", "C7", "AE7"}
    assert next(line["value"] for line in listed if line["cell"] == "D5") == f"'{EVIL}"
    assert all(line["locators"] for line in listed if line["standing"] == "proven" and line["cell"] != "E13")


def test_a_department_lists_the_servers_of_all_below_it() -> None:
    row, top = orders.directive(), orders.agency()
    component = making.organisation("Office", parent=top)
    orders.exchange("192.0.2.1", top)
    orders.exchange("192.0.2.2", component)
    orders.exchange("203.0.113.5", orders.agency("Department of Fabrikam"))
    orders.work_off()
    (made,) = workbooks.filled(row, top)
    listed = [cell.value for cell in made.cells if cell.about == "fact:server.address"]
    assert listed == ["192.0.2.1", "192.0.2.2"]


def test_what_is_known_of_a_server_in_another_campaign_fills_no_cell() -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner)
    other = making.campaign("proxyshell")
    making.standing(server, other, exposure=Exposure.PATCHED, since=date(2021, 8, 1))
    orders.work_off()
    (made,) = workbooks.filled(row, owner)
    assert {cell.value for cell in made.cells if cell.about == "fact:server.updated"} == {"No"}


def test_rows_are_matched_however_they_name_a_server() -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner, hostname="mail.contoso.example")
    orders.exchange("2001:db8::1", owner)
    orders.work_off()
    layout, template = workbook_of(row)
    named: list[dict[str, Entry]] = [
        {"fact:server.hostname": Entry(value="MAIL.contoso.example ")},
        {"fact:server.address": Entry(value="2001:DB8::1")},
        {"fact:server.address": Entry(value="no address, 999.1.1.1")},
    ]
    rows = [{**one, "requirement:updates": Entry(value="yes")} for one in named]
    (made,) = fill(layout, template, Filling(cells={}, rows={"server": rows}))
    kept = workbooks.take_in(row, owner, made.data, "x.xlsx", by=None)
    assert kept.unmatched == [9]
    assert Word.objects.filter(requirement="updates").count() == 2


def test_what_no_database_keeps_is_taken_in_all_the_same() -> None:
    """Excel spells a character that XML has no place for, and a stranger may spell any."""
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    layout, template = workbook_of(row)
    said = {
        "fact:server.address": Entry(value="192.0.2.1"),
        "requirement:updates": Entry(value="no", reason="a\x00b\ud800c", standing="claimed"),
    }
    (made,) = fill(layout, template, Filling(cells={}, rows={"server": [said]}))
    kept = workbooks.take_in(row, owner, made.data, "x.xlsx", by=None)
    assert kept.unmatched == []
    assert "a\ufffdb\ufffdc" in Word.objects.get().text


def test_the_notes_give_the_reference_of_the_incident(analyst: User) -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner)
    orders.assessment(server, by=analyst, rules=(orders.RUN, orders.ALARM))
    report = incidents.taken(now=datetime(2021, 4, 3, tzinfo=UTC)).report
    handling.link(report, by=analyst, organisation=owner, campaign=making.campaign(), servers=[server.pk])
    handling.change_state(report, State.TRIAGED, by=analyst)
    orders.work_off()
    signing = Signing(
        requirement="report-triage", name="A. Chief", office="CIO", statement="One server, taken off."
    )
    services.sign(row, owner.pk, signing, by=analyst)
    (made,) = workbooks.filled(row, owner)
    cells = {cell.cell: cell.value for cell in made.cells}
    assert report.reference in cells["H7"]
    assert (cells["E15"], cells["C21"]) == ("One server, taken off.", "A. Chief")


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"no zip", b"\xd0\xcf\x11\xe0" * 99])
def test_what_is_no_workbook_is_refused(data: bytes, analyst: User) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.work_off()
    with pytest.raises(UsageFault):
        workbooks.take_in(row, owner, data, "x.xlsx", by=analyst)
