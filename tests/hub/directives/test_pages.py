"""Directives as pages and files: who sees what, and stored injection lies still."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.directives import making as orders

from tocsin.hub.accounts.models import Reading, User
from tocsin.hub.directives import pages, services, workbooks
from tocsin.hub.directives.models import Addressee, Answer, Directive, Excuse, SignOff, Word
from tocsin.hub.directives.services import Saying
from tocsin.hub.rules.words import Exposure, Role

pytestmark = pytest.mark.django_db
EVIL = "=1+1<script>alert(1)</script>"


@pytest.fixture
def analyst(person: Callable[..., User]) -> User:
    return person(Role.ANALYST)


def body(answer: HttpResponse) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


def test_counts_by_organisation_and_requirement(analyst: User, enter: Callable[[User], Client]) -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner, Exposure.PATCHED)
    orders.exchange("192.0.2.2", owner)
    orders.assessment(server, by=analyst)
    orders.work_off()
    services.say(row, owner.pk, [Saying(requirement="updates", said="yes")], by=analyst)
    client = enter(analyst)
    text = client.get("/directives/ed-21-02/").content.decode()
    assert "by 2021-04-05 12:00 EDT (2021-04-05 16:00 UTC)" in text
    assert "before 2021-04-16 00:01 EDT (2021-04-16 04:01 UTC)" in text
    found = list(
        csv.DictReader(io.StringIO(body(client.get("/directives/ed-21-02/matrix/?export=csv")).decode()))
    )
    by_name = {line["requirement"]: line for line in found}
    counted = {name: by_name[name] for name in ("msert", "updates", "firewall-deny")}
    assert [
        (line["proven"], line["claimed"], line["missing"], line["late"]) for line in counted.values()
    ] == [
        ("1", "0", "1", "1"),
        ("0", "2", "0", "2"),
        ("0", "0", "2", "2"),
    ]
    page = client.get("/directives/ed-21-02/matrix/").content.decode()
    assert "1 proven, 1 missing" in page
    shown = body(client.get("/directives/ed-21-02/?export=csv")).decode().splitlines()
    assert shown[1].startswith("Department of Contoso,2,")


def test_a_large_owner_sees_a_few_servers_of_every_requirement(
    analyst: User, enter: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "FEW", 2)
    row, owner = orders.directive(), orders.agency()
    for number in range(1, 6):
        orders.exchange(f"192.0.2.{number}", owner)
    orders.work_off()
    text = enter(analyst).get(f"/directives/ed-21-02/organisations/{owner.pk}/").content.decode()
    assert text.count("3 more</a>") == Answer.objects.filter(server__ip="192.0.2.1").count()
    assert text.count("no servers</td>") == 0
    assert row.pk


def test_stored_injection_lies_still(analyst: User, enter: Callable[[User], Client]) -> None:
    row, owner = orders.directive(), orders.agency(EVIL)
    orders.exchange("192.0.2.1", owner, hostname=EVIL)
    orders.work_off()
    services.say(row, owner.pk, [Saying(requirement="updates", said="yes", text=EVIL)], by=analyst)
    client = enter(analyst)
    for path in ("", "matrix/", "answers/", f"organisations/{owner.pk}/", "rounds/1/", "addressees/"):
        text = client.get(f"/directives/ed-21-02/{path}").content.decode()
        assert "<script>alert" not in text, path
    listed = body(client.get("/directives/ed-21-02/answers/?export=csv")).decode()
    cells = {cell for line in csv.reader(io.StringIO(listed)) for cell in line}
    assert f"'{EVIL}" in cells
    assert not any(cell.startswith("=") for cell in cells)
    table = body(client.get("/directives/ed-21-02/matrix/?export=xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(table)).active
    assert sheet is not None
    assert (sheet["B2"].value, sheet["B2"].data_type) == (EVIL, "s")
    assert "f" not in {cell.data_type for line in sheet.iter_rows() for cell in line}
    (made,) = workbooks.filled(row, owner)
    with warnings.catch_warnings():  # it drops the lists that cells offer, and says so
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(made.data))
    assert (book["Status Update"]["D5"].value, book["Status Update"]["D5"].data_type) == (EVIL, "s")
    assert book["Inventory"]["E7"].data_type == "s"


def test_a_member_sees_his_own_alone_and_answers_by_forms(enter: Callable[[User], Client]) -> None:
    row, owner, other = orders.directive(), orders.agency(), orders.agency("Department of Fabrikam")
    server = orders.exchange("192.0.2.1", owner)
    orders.exchange("203.0.113.5", other)
    orders.work_off()
    client = enter(making.member(owner))
    home = f"/directives/ed-21-02/organisations/{owner.pk}/"
    for path in (
        "/directives/ed-21-02/",
        "/directives/ed-21-02/matrix/",
        "/directives/ed-21-02/answers/",
        home,
    ):
        text = client.get(path).content.decode()
        assert "Department of Contoso" in text
        assert "Fabrikam" not in text
    assert client.get(f"/directives/ed-21-02/organisations/{other.pk}/").status_code == 404
    assert client.post(f"/directives/ed-21-02/organisations/{other.pk}/say/", {}).status_code == 404
    said = {"requirement": "updates", "server": server.pk, "said": "yes", "round": 0, "text": "monthly"}
    assert client.post(f"{home}say/", said).status_code == 302
    assert orders.answer(row, "updates", server=server).standing == "claimed"
    asked = {"requirement": "supported", "reason": "old", "until": "2999-01-01"}
    assert "two years" in client.post(f"{home}exception/", asked).content.decode()
    assert client.post(f"{home}questions/", {"hosted": "yes", "expertise": ""}).status_code == 302
    assert [(reply.question, reply.value) for reply in row.replies.all()] == [("hosted", True)]
    signed = {"requirement": "report", "name": "A. Chief", "office": "CIO", "whole": "on"}
    assert client.post(f"{home}sign/", {**signed, "whole": ""}).status_code == 200
    assert client.post(f"{home}sign/", signed).status_code == 302
    signoff = SignOff.objects.get()
    assert client.post(f"/directives/reports/{signoff.pk}/take-in", {"document": "1"}).status_code == 403
    assert client.get("/directives/ed-21-02/addressees/").status_code == 403


def test_a_workbook_goes_out_and_comes_back(analyst: User, enter: Callable[[User], Client]) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    client = enter(analyst)
    home = f"/directives/ed-21-02/organisations/{owner.pk}/"
    answer = client.get(f"{home}workbook.zip")
    assert answer["Content-Disposition"].startswith("attachment")
    (made,) = workbooks.filled(row, owner)
    file = SimpleUploadedFile("<b>x.xlsx", made.data)
    assert client.post(f"{home}workbook/", {"file": file}).status_code == 302
    assert "<b>x" not in client.get(home).content.decode()
    bad = client.post(f"{home}workbook/", {"file": SimpleUploadedFile("x.xlsx", b"no")})
    assert "no workbook of Excel" in bad.content.decode()


def test_staff_decide(analyst: User, enter: Callable[[User], Client]) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    member = enter(making.member(owner))
    home = f"/directives/ed-21-02/organisations/{owner.pk}/"
    asked = {"requirement": "supported", "reason": "old", "until": timezone.now().date().isoformat()}
    assert member.post(f"{home}exception/", asked).status_code == 302
    excuse = Excuse.objects.get()
    client = enter(analyst)
    assert client.get(f"/directives/exceptions/{excuse.pk}/decide").status_code == 405
    client.post(f"/directives/exceptions/{excuse.pk}/decide", {"decision": "approve"})
    assert orders.answer(row, "supported").standing == "excepted"
    client.post("/directives/ed-21-02/addressees/", {"organisation": owner.pk, "on": "no"})
    assert not Addressee.objects.exists()
    assert (
        "no organisation 99"
        in client.post("/directives/ed-21-02/addressees/", {"organisation": 99, "on": "yes"}).content.decode()
    )
    client.post("/directives/ed-21-02/follow", {"active": "no"})
    assert not Directive.objects.get().active


def test_pages_are_readings_and_change_nothing(analyst: User, enter: Callable[[User], Client]) -> None:
    orders.directive()
    owner = orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    client = enter(analyst)
    paths = ["", "matrix/", "matrix/?export=csv", "answers/", "rounds/1/", f"organisations/{owner.pk}/"]
    for path in paths:
        assert client.get(f"/directives/ed-21-02/{path}").status_code == 200
    assert Reading.objects.filter(path__startswith="/directives/").count() == len(paths)
    assert not Word.objects.exists()
    assert client.get("/directives/ed-21-02/matrix/?export=exe").status_code == 400
    assert client.get("/directives/ed-21-02/rounds/99/").status_code == 400


def test_many_organisations_are_addressed_from_their_list(
    analyst: User, enter: Callable[[User], Client]
) -> None:
    orders.directive()
    chosen = [making.organisation(name).pk for name in ("Fabrikam", "Northwind")]
    making.organisation("Contoso")
    client = enter(analyst)
    assert "Addressees of directives" in client.get("/organisations/").content.decode()
    form = {"action": "directive-tag", "chosen": chosen, "tag": orders.FEDERAL, "on": "yes"}
    asked = client.post("/organisations/change/", form).content.decode()
    assert "This is about 2 organisations" in asked
    assert not Addressee.objects.exists()
    wrong = client.post("/organisations/change/", form | {"confirmed": "2", "tag": "nonsense"})
    assert "not one of the available choices" in wrong.content.decode()
    assert not Addressee.objects.exists()
    answer = client.post("/organisations/change/", form | {"confirmed": "2"}, follow=True)
    assert "2 organisations now carry federal-civilian" in answer.content.decode()
    assert set(Addressee.objects.values_list("organisation", "tag", "by")) == {
        (number, orders.FEDERAL, analyst.pk) for number in chosen
    }
    client.post("/organisations/change/", form | {"confirmed": "2", "on": "no"})
    assert not Addressee.objects.exists()
    client.post("/organisations/change/", form | {"confirmed": "2", "action": "nonsense", "sector": "energy"})
    assert not Addressee.objects.exists()
    for role in (Role.VIEWER, Role.MEMBER):
        somebody = making.person(role)
        assert enter(somebody).post("/organisations/change/", form | {"confirmed": "2"}).status_code == 403
        with pytest.raises(PermissionDenied):
            services.tag_many(chosen, orders.FEDERAL, by=somebody)
    assert not Addressee.objects.exists()


def test_without_a_directive_that_names_tags_there_is_nothing_to_give(
    analyst: User, enter: Callable[[User], Client]
) -> None:
    making.organisation("Contoso")
    assert "Addressees of directives" not in enter(analyst).get("/organisations/").content.decode()


def test_the_page_tells_how_many_wait(analyst: User, enter: Callable[[User], Client]) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    client = enter(analyst)
    page = f"/directives/{row.key}/"
    assert "1 of 1 organisations wait to be judged" in client.get(page).content.decode()
    orders.work_off()
    assert "wait to be judged" not in client.get(page).content.decode()
