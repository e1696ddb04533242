"""Hostile files: each ends in a clear sentence, in an accounted gap, or in nothing; none is ever shown."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from tests.hub import making
from tests.hub.owners import rows

from tocsin.errors import LimitExceeded, TocsinError, UsageFault
from tocsin.hub.accounts.models import Act, User
from tocsin.hub.exposure.models import Decision
from tocsin.hub.lists import quarantine
from tocsin.hub.owners import examinations, handing
from tocsin.hub.owners.examination import examine
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import HandIn
from tocsin.hub.rules import handins
from tocsin.hub.rules.words import Compromise, Role

SCRIPT = "<script>alert(1)</script>"


def given_by(link: Any, name: str = "x") -> Given:
    return Given(server=link.servers.get().pk, campaign=link.campaign, name=name, link=link)


def deep() -> bytes:
    return b'{"schema": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def changed(**fields: Any) -> bytes:
    return rows.as_file({**rows.report(), **fields})


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (deep(), "not an assessment"),
        (b"{}", "not an assessment"),
        (b"[]", "not an assessment"),
        (b"null", "not an assessment"),
        (b"\xff\xfe{", "not an assessment"),
        (b"{" * 1000, "not an assessment"),
        (changed(schema="tocsin/assessment/99"), "another version"),
        (changed(verdicts=[]), "says nothing about proxylogon"),
        (changed(verdicts="all clean"), "not an assessment"),
        (changed(answer={"x": 1}), "not an assessment"),
        (b"<html><body onload=x></body></html>", "not an assessment"),
        (b"PK\x03\x04", "not an assessment"),
    ],
)
def test_what_is_no_report(document: bytes, says: str) -> None:
    link, path = rows.link(rows.server())
    with pytest.raises(UsageFault, match=says):
        handing.take_report([document], given_by(link))
    page = rows.inside(path)
    file = SimpleUploadedFile("a.json", document)
    answer = page.post(f"{path}report", {"file": file, "server": link.servers.get().pk}, follow=True)
    assert "Not taken" in answer.content.decode()
    assert not HandIn.objects.exists()
    assert not Decision.objects.exists()


def test_a_report_that_is_too_long() -> None:
    link, path = rows.link(rows.server())
    with pytest.raises(LimitExceeded, match="bound"):
        handing.take_report([b"{" * (1 << 20)] * 11, given_by(link))
    file = SimpleUploadedFile("a.json", b" " * (handins.LARGEST_REPORT + (128 << 10)))
    answer = rows.inside(path).post(f"{path}report", {"file": file, "server": "1"})
    assert answer.status_code == 413
    assert not [one for one in (Path(settings.DATA) / "held").iterdir() if one.name.startswith("incoming-")]


def test_hostile_texts_in_a_report_are_inert(enter: Callable[[User], Client]) -> None:
    link, path = rows.link(rows.server())
    document = rows.report(shells=[{**rows.report()["verdicts"][0]["webshells"][0], "url": f"/{SCRIPT}"}])
    document["answer"] = f"=HYPERLINK(1) {SCRIPT} {{{{ 7 }}}}\x00"
    document["server"]["name"] = "MAIL01"
    data = json.dumps(document).encode()
    client = rows.inside(path)
    file = SimpleUploadedFile(f"{SCRIPT}=cmd.json", data)
    assert client.post(f"{path}report", {"file": file, "server": link.servers.get().pk}).status_code == 302
    row = HandIn.objects.get()
    staff = enter(making.person(Role.ADMINISTRATOR))
    pages = [
        client.get(path),
        staff.get(f"/hand-ins/{row.pk}/"),
        staff.get("/hand-ins/"),
        staff.get(f"/servers/{row.server_id}/"),
    ]
    for page in pages:
        text = page.content.decode()
        assert "<script>alert" not in text
        assert " onload=" not in text
    listed = b"".join(staff.get("/hand-ins/?export=csv")).decode()
    assert not any(cell.startswith(("=", '"=')) for line in listed.splitlines() for cell in line.split(","))
    assert "\0" not in json.dumps(row.report)


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return held.getvalue()


BOMB = zipped(**{"C__inetpub__logs__LogFiles__W3SVC1__u_ex210303.log": bytes(200 << 20)})
TRAVERSAL = zipped(**{"..__..__..__etc__evil.aspx": b"x", "C__inetpub__a.log": b"x"})


@pytest.mark.parametrize(
    "data", [BOMB, TRAVERSAL, b"PK\x03\x04", b"\x00" * 100, b"Rar!\x1a\x07\x01\x00", b"{}", b"x"]
)
def test_hostile_evidence_is_a_gap_or_a_sentence(data: bytes) -> None:
    link, _ = rows.link(rows.server())
    taken = handing.take_evidence([data], given_by(link, "../../etc/passwd"))
    row = HandIn.objects.get(pk=taken.hand_in)
    assert row.name == "etc_passwd"
    HandIn.objects.update(state="examining")
    examinations.finish(row.pk, examine(examinations.task_of(row)))
    row.refresh_from_db()
    assert row.state in {"unreadable", "open"}
    assert row.fault or row.grade == "self-reported"
    assert not Decision.objects.exists()
    assert sorted(one.name for one in (Path(settings.DATA) / "held").iterdir() if len(one.name) == 64)
    assert not (Path(settings.DATA) / "etc").exists()


def test_files_leave_as_downloads_for_staff_alone(enter: Callable[[User], Client]) -> None:
    server = rows.server()
    link, path = rows.link(server)
    page = b"<html><script>alert(1)</script></html>"
    row = HandIn.objects.get(pk=handing.take_evidence([page], given_by(link, "index.html")).hand_in)
    answer = enter(making.person(Role.VIEWER)).get(f"/hand-ins/{row.pk}/file")
    assert b"".join(answer) == page
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="hand-in-{row.pk}.bin"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert Act.objects.filter(kind="hand-in fetched", subject=f"hand-in:{row.pk}").exists()
    owner = making.person(Role.MEMBER)
    owner.memberships.create(organisation=server.organisation)
    assert enter(owner).get(f"/hand-ins/{row.pk}/file").status_code == 403
    assert rows.inside(path).get(f"/hand-ins/{row.pk}/file").status_code == 302
    for public in (f"/held/{row.digest}", f"/static/{row.digest}", f"/static/../held/{row.digest}"):
        assert Client().get(public).status_code == 404
    quarantine.place_of(row.digest).unlink()
    assert enter(making.person(Role.VIEWER)).get(f"/hand-ins/{row.pk}/file").status_code == 404


def test_the_same_file_is_one_hand_in_and_a_link_has_its_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handins, "MOST_BY_LINK", 2)
    link, _ = rows.link(rows.server())
    assert handing.take_evidence([b"a"], given_by(link)).new
    assert not handing.take_evidence([b"a"], given_by(link)).new
    assert handing.take_evidence([b"b"], given_by(link)).new
    with pytest.raises(UsageFault, match="all that one may"):
        handing.take_evidence([b"c"], given_by(link))


def test_a_full_disk_is_said_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_room", lambda: 3)
    link, _ = rows.link(rows.server())
    with pytest.raises(TocsinError, match="no room"):
        handing.take_evidence([b"abcd"], given_by(link))
    assert not HandIn.objects.exists()


def test_quarantine_forgets_what_nobody_names() -> None:
    link, _ = rows.link(rows.server())
    held = HandIn.objects.get(pk=handing.take_evidence([b"held"], given_by(link)).hand_in)
    lost = quarantine.keep([b"lost"], most=10)
    assert quarantine.sweep(timezone.now()) == 0
    assert quarantine.sweep(timezone.now() + timedelta(days=2)) >= 1
    assert quarantine.place_of(held.digest).exists()
    assert not quarantine.place_of(lost.digest).exists()


@pytest.mark.parametrize("digest", ["", "..", "../secret.key", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_no_name_leads_out_of_quarantine(digest: str) -> None:
    with pytest.raises(UsageFault):
        quarantine.place_of(digest)


@given(st.text(max_size=300))
def test_names_are_safe(name: str) -> None:
    safe = quarantine.safe_name(name)
    assert 0 < len(safe) <= quarantine.LONGEST_NAME
    assert not set(safe) & set('/\\:*?"<>|%\n\r\t\0')
    assert not safe.startswith(".")


@how(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_report_or_a_sentence(data: bytes) -> None:
    with pytest.raises(UsageFault):
        handins.parse(data)


WORDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@how(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(rows.report())), WORDS)
def test_any_edit_is_a_report_or_a_sentence(field: str, value: Any) -> None:
    document = msgspec.json.encode({**rows.report(), field: value})
    try:
        found = handins.read(handins.parse(document), "proxylogon")
    except UsageFault:
        return
    assert found.compromise is Compromise.CONFIRMED
