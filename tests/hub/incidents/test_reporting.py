"""Anybody reports: form and API, with work and without, limits, traps, files, the reporter's own page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max
from django.test import Client
from django.utils import timezone
from tests.hub import making as hub
from tests.hub.incidents import making

from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.exposure.models import Event
from tocsin.hub.incidents import gates, services, uploads
from tocsin.hub.incidents.models import Entry, IncidentReport, SpentProof, Upload
from tocsin.hub.lists import quarantine
from tocsin.hub.rules import work_proof
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
FORM, STATUS = "/report/", "/report/status/"
API = "/api/incidents/reports"
PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture(autouse=True)
def _easy(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    """Little work, and a quarantine of the test's own."""
    monkeypatch.setattr(work_proof, "EASIEST", 4)
    settings.DATA = tmp_path


def work() -> str:
    asked = re.search(r'data-proof="([^"]+)"', Client().get(FORM).content.decode())
    assert asked
    return work_proof.solve(asked[1])


def send(client: Client | None = None, **fields: Any) -> Any:
    return (client or Client()).post(FORM, making.typed(**fields))


def keys_of(answer: Any) -> dict[str, str]:
    found = re.findall(r"<dd><code>([^<]+)</code>", answer.content.decode())
    return {"reference": found[0], "secret": found[1]}


def body(**rest: Any) -> dict[str, Any]:
    return {
        "organisation_name": "Contoso",
        "contact": "+44 20 7946 0000",
        "seen": "A page",
        "aware": "2021-03-03T09:00:00+01:00",
        **rest,
    }


def post(path: str, data: dict[str, Any], **rest: Any) -> Any:
    return Client().post(path, json.dumps(data), content_type="application/json", **rest)


def test_work_done_and_the_report_is_received() -> None:
    answer = send(proof=work())
    assert answer.status_code == 201
    row = IncidentReport.objects.get()
    assert (row.state, row.proof, row.aware) == ("received", "work", making.AWARE)
    keys = keys_of(answer)
    assert keys["reference"] == row.reference
    assert keys["secret"] not in str(row.__dict__)
    told = Event.objects.get(kind="incident-received")
    assert told.detail == {"reference": row.reference, "proof": "work"}


@pytest.mark.parametrize("spoil", ["none", "replayed", "expired", "forged", "malformed"])
def test_without_good_work_it_waits_to_be_checked(spoil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = work()
    if spoil == "replayed":
        assert services.spend(proof) == ""
        assert services.spend(proof) == "spent"
    if spoil == "expired":
        late = timezone.now() + work_proof.GOOD_FOR
        assert services.spend(proof, late) == "expired"
        monkeypatch.setattr("tocsin.hub.incidents.services.timezone.now", lambda: late)
    proof = {
        "none": "",
        "forged": proof.replace("1.5.", "1.1.").replace("1.4.", "1.1."),
        "malformed": "x",
    }.get(spoil, proof)
    assert send(proof=proof).status_code == 201
    row = IncidentReport.objects.get()
    assert (row.state, row.proof) == ("to-check", "none")


def test_the_trap_catches_what_people_do_not_see() -> None:
    answer = send(proof=work(), website="https://buy.example")
    assert answer.status_code == 201
    assert "secret" in answer.content.decode().lower()
    row = IncidentReport.objects.get()
    assert (row.state, row.proof) == ("to-check", "trap")
    assert not SpentProof.objects.exists()


def test_reports_without_work_are_few_and_with_work_more() -> None:
    got = [send().status_code for _ in range(gates.UNWORKED + 1)]
    assert got == [201] * gates.UNWORKED + [429]
    assert send(proof=work()).status_code == 201
    assert IncidentReport.objects.count() == gates.UNWORKED + 1


def test_with_work_too_there_is_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "WORKED", 1)
    assert [send(proof=work()).status_code for _ in range(2)] == [201, 429]


def test_a_flood_from_many_places_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "UNWORKED_IN_ALL", 2)
    got = [
        Client(REMOTE_ADDR=f"198.51.100.{number}").post(FORM, making.typed()).status_code
        for number in range(3)
    ]
    assert got == [201, 201, 429]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"contact": "a@contoso.example", "affected": "mail.contoso.example"}, "contact"),
        ({"contact": "a@contoso.example", "work_address": "b@contoso.example"}, "contact"),
        ({"aware_on": "2999-01-01"}, "aware_on"),
        ({"aware_on": "1999-01-01"}, "aware_on"),
        ({"seen": "  "}, "seen"),
        ({"tlp": "purple"}, "tlp"),
    ],
)
def test_what_must_be_put_right_is_said_at_its_field(fields: dict[str, str], wrong: str) -> None:
    answer = send(**fields)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [wrong]
    assert not IncidentReport.objects.exists()


def test_the_form_needs_its_token_and_looking_changes_nothing() -> None:
    assert Client(enforce_csrf_checks=True).post(FORM, making.typed()).status_code == 403
    for path in (FORM, STATUS, "/api/incidents/challenge"):
        assert Client().get(path).status_code == 200
    assert not IncidentReport.objects.exists()
    assert not SpentProof.objects.exists()


def test_a_request_that_is_too_large_is_not_read() -> None:
    big = {"CONTENT_LENGTH": str(uploads.LARGEST_REQUEST + 1)}
    assert Client().post(FORM, making.typed(), **big).status_code == 413
    assert Client().post(f"{API}/files", {}, **big).status_code == 413


def test_the_reporters_page_opens_by_reference_and_secret_alone() -> None:
    keys, client = keys_of(send(proof=work())), Client()
    assert client.post(STATUS, {**keys, "secret": "AAAAA-AAAAA-AAAAA-AAAAA"}).status_code == 400
    assert client.get(STATUS).context.get("report") is None
    assert (
        client.post(STATUS, {**keys, "secret": keys["secret"].lower().replace("-", " ")}).status_code == 302
    )
    page = client.get(STATUS)
    assert page.context["report"].reference == keys["reference"]
    assert "no-store" in page["Cache-Control"]
    client.post("/report/status/leave")
    assert client.get(STATUS).context.get("report") is None
    assert Client().get(STATUS).context.get("report") is None


def test_secrets_are_not_tried_out() -> None:
    wrong = {"reference": "IR-2021-AAAAAAAA", "secret": "x"}
    got = [Client().post(STATUS, wrong).status_code for _ in range(gates.TRIES + 1)]
    assert got == [400] * gates.TRIES + [429]
    assert post(f"{API}/status", wrong).status_code == 429


def test_follow_ups_and_their_clocks() -> None:
    keys, client = keys_of(send(proof=work(), personal_data="yes")), Client()
    client.post(STATUS, keys)
    client.post("/report/status/follow-up", {"stage": "notification", "text": "More <b>of it</b>"})
    page = client.get(STATUS)
    clocks = {clock.name: clock for clock in page.context["clocks"]}
    assert set(clocks) == {"early-warning", "notification", "personal-data", "final", "answer"}
    assert clocks["notification"].came is not None
    assert clocks["early-warning"].standing == "late"  # reported years later
    assert clocks["final"].came is None
    assert "More &lt;b&gt;of it&lt;/b&gt;" in page.content.decode()
    row = IncidentReport.objects.get()
    assert row.next_due == min(clock.due for clock in clocks.values() if clock.came is None)


def test_the_same_by_the_api() -> None:
    asked = Client().get("/api/incidents/challenge").json()
    answer = post(API, body(proof=work_proof.solve(asked["challenge"])))
    assert answer.status_code == 201
    made = answer.json()
    assert made["state"] == "received"
    row = IncidentReport.objects.get()
    assert row.aware.isoformat() == "2021-03-03T08:00:00+00:00"
    keys = {"reference": made["reference"], "secret": made["secret"]}
    assert post(f"{API}/status", {**keys, "secret": "x"}).status_code == 404
    said = post(f"{API}/follow-ups", {**keys, "stage": "final", "text": "All of it"}).json()
    assert [entry["text"] for entry in said["entries"]] == ["All of it"]
    sent = Client().post(f"{API}/files", {**keys, "file": SimpleUploadedFile("x.html", PAGE)})
    assert sent.status_code == 201
    assert len(sent.json()["files"]) == 1
    assert post(API, body(contact="a@contoso.example", affected="contoso.example")).status_code == 400
    assert post(API, body(aware="2021-03-03T09:00:00")).status_code == 422  # without a zone


def test_the_api_holds_back_floods_as_the_page_does() -> None:
    got = [post(API, body()).status_code for _ in range(gates.UNWORKED + 1)]
    assert got == [201] * gates.UNWORKED + [429]
    assert send().status_code == 429
    assert set(IncidentReport.objects.values_list("state", flat=True)) == {"to-check"}


def test_a_token_reports_without_work_and_a_wrong_one_not_at_all() -> None:
    person = hub.person()
    _, key = make_token(person, "x", [Scope.INCIDENTS_WRITE], days=1, by=person)
    _, weak = make_token(person, "y", [Scope.INCIDENTS_READ], days=1, by=person)
    for secret, status in ((key, 201), (weak, 403), ("tocsin_wrong", 401)):
        answer = post(API, body(), headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == status
    assert IncidentReport.objects.get().proof == "token"


def test_files_lie_inert_and_leave_as_attachments(enter: Callable[[User], Client]) -> None:
    files = [SimpleUploadedFile("../../evil.html", PAGE, "text/html"), SimpleUploadedFile("log.txt", b"x")]
    answer = Client().post(FORM, making.typed(proof=work(), attached=files))
    assert answer.status_code == 201
    first, second = Upload.objects.order_by("pk")
    place = quarantine.place_of(first.digest)
    assert place.stat().st_mode & 0o777 == 0o600
    assert (first.name, second.name) == ("evil.html", "log.txt") or ".." not in first.name
    address = f"/incidents/files/{first.pk}/"
    assert Client().get(address).status_code == 302
    assert enter(hub.member(hub.organisation())).get(address).status_code == 403
    got = enter(hub.person(Role.VIEWER)).get(address)
    assert b"".join(got.streaming_content) == PAGE
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    assert got["X-Content-Type-Options"] == "nosniff"
    place.unlink()
    assert enter(hub.person(Role.VIEWER)).get(address).status_code == 302


def test_what_no_report_names_any_more_is_swept_and_what_one_names_stays() -> None:
    Client().post(FORM, making.typed(proof=work(), attached=[SimpleUploadedFile("a", b"kept")]))
    gone = quarantine.keep([b"nobody's"], most=100)
    quarantine.sweep(timezone.now() + timedelta(days=2))
    assert quarantine.place_of(Upload.objects.get().digest).exists()
    assert not quarantine.place_of(gone.digest).exists()


def test_too_many_and_too_large_files_are_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [SimpleUploadedFile(f"{number}", b"x") for number in range(uploads.AT_ONCE + 1)]
    answer = Client().post(FORM, making.typed(proof=work(), attached=many))
    assert "at most 5 files" in answer.content.decode()
    monkeypatch.setattr(uploads, "LARGEST", 3)
    large = SimpleUploadedFile("large", b"four")
    assert "larger" in Client().post(FORM, making.typed(proof=work(), attached=[large])).content.decode()
    assert not IncidentReport.objects.exists()
    assert not Upload.objects.exists()
    keys = keys_of(send(proof=work()))
    sent = Client().post(f"{API}/files", {**keys, "file": SimpleUploadedFile("large", b"four")})
    assert sent.status_code == 413


def test_a_reporter_sees_nothing_of_what_staff_note() -> None:
    row = making.report()
    Entry.objects.create(report=row, kind=Entry.NOTE, text="among us", shown=False)
    client = Client()
    session = client.session
    session["incident"] = row.pk
    session.save()
    assert "among us" not in client.get(STATUS).content.decode()
    assert Entry.objects.aggregate(last=Max("pk"))["last"]


def test_strangers_find_the_form_and_the_advisories_from_any_public_page() -> None:
    page = Client().get("/account/login/").content.decode()
    assert 'href="/report/"' in page
    assert 'href="/advisories/"' in page
