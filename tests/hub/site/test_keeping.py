"""What is kept ends in its time; what leaves in bulk needs two people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from tests.hub import making

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act, ExportRequest, Reading, User
from tocsin.hub.rules.words import Role
from tocsin.hub.site import exports, retention

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def readings(person: User, *days: int) -> None:
    now = timezone.now()
    Reading.objects.bulk_create(Reading(user=person, path="/", at=now - timedelta(days=n)) for n in days)


def test_a_dry_run_counts_what_tidying_removes() -> None:
    readings(making.person(), 1, 399, 401, 500)
    assert retention.dry_run()["readings"] == 2
    assert Reading.objects.count() == 4
    while retention.tidy():
        pass
    assert Reading.objects.count() == 2
    assert retention.dry_run()["readings"] == 0
    assert not retention.tidy(), "once a day"


def test_tidying_goes_by_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PIECE", 2)
    readings(making.person(), *[500] * 5)
    pieces = 0
    while retention.tidy():
        pieces += 1
    assert not Reading.objects.exists()
    assert pieces >= 3


def test_the_operator_sets_the_days(enter: Enter) -> None:
    chief = making.person(Role.ADMINISTRATOR)
    readings(chief, 31)
    client = enter(chief)
    sent = {rule.kept.kind: rule.days or 0 for rule in retention.rules()} | {"readings": 30}
    assert client.post("/retention/", sent).headers["Location"] == "/retention/"
    assert retention.dry_run()["readings"] == 1
    retention.keep_for("readings", None, by=chief)
    assert retention.dry_run()["readings"] == 0
    assert Act.objects.filter(kind="retention changed").count() == 2


def test_an_export_takes_two(enter: Enter) -> None:
    one, two = making.person(Role.ANALYST), making.person(Role.ANALYST)
    making.organisation("=cmd|x", country="GB")
    mine, other = enter(one), enter(two)
    assert mine.post("/exports/", {"kind": "organisations", "reason": "the directive"}).status_code == 302
    request = ExportRequest.objects.get()
    assert mine.post(f"/exports/{request.pk}/fetch").status_code == 403
    mine.post(f"/exports/{request.pk}/decide", {"decision": "approve"})
    request.refresh_from_db()
    assert request.approved is None, "nobody approves his own"
    other.post(f"/exports/{request.pk}/decide", {"decision": "approve"})
    assert other.post(f"/exports/{request.pk}/fetch").status_code == 403, "only who asked fetches it"
    answer = mine.post(f"/exports/{request.pk}/fetch")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # a streaming answer
    assert "'=cmd|x" in text
    assert [act.kind for act in Act.objects.filter(subject=f"export:{request.pk}").order_by("pk")] == [
        "export asked",
        "export approved",
        "export fetched",
    ]


def test_refused_late_and_demoted() -> None:
    one, two = making.person(Role.ANALYST), making.person(Role.ADMINISTRATOR)
    refused = exports.ask("contacts", "why not", by=one)
    exports.decide(refused, by=two, yes=False)
    with pytest.raises(UsageFault):
        exports.decide(refused, by=two, yes=True)
    approved = exports.ask("claims", "the directive", by=one)
    exports.decide(approved, by=two, yes=True)
    approved.refresh_from_db()
    assert exports.ready(approved, one)
    assert not exports.ready(approved, one, timezone.now() + exports.FETCHED_WITHIN)
    one.role = Role.VIEWER
    assert not exports.ready(approved, one)
    for kind, reason in (("nonsense", "x"), ("claims", " ")):
        with pytest.raises(UsageFault):
            exports.ask(kind, reason, by=two)


def test_the_database_itself_refuses_one_person() -> None:
    one = making.person()
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportRequest.objects.create(kind="claims", reason="x", asked_by=one, approved_by=one)


def test_what_the_operator_writes_is_shown_and_not_obeyed(enter: Enter, client: Client) -> None:
    chief = enter(making.person(Role.ADMINISTRATOR))
    text = (
        "**Article 6(1)(e)** <script>alert(1)</script> [x](javascript:alert(1)) ![](https://x.example/i.png)"
    )
    assert chief.post("/data-protection/edit/", {"basis": text}).status_code == 302
    page = client.get("/data-protection/").content.decode()
    assert "<strong>Article 6(1)(e)</strong>" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page


def test_people_are_managed_on_pages(enter: Enter) -> None:
    chief = making.person(Role.ADMINISTRATOR)
    somebody, contoso = making.person(Role.VIEWER), making.organisation()
    client = enter(chief)
    assert (
        b"/account/enter/invite_"
        in client.post("/people/", {"email": "n@hub.example", "role": "viewer"}).content
    )
    assert b"has an account" in client.post("/people/", {"email": somebody.email, "role": "viewer"}).content
    for what, sent in (("role", {"role": "member"}), ("join", {"organisation": contoso.pk}), ("close", {})):
        assert client.post(f"/people/{somebody.pk}/{what}", sent).status_code == 302
    somebody.refresh_from_db()
    assert (somebody.role, somebody.is_active) == ("member", False)
    assert somebody.memberships.get().organisation == contoso
    assert b"/account/enter/invite_" in client.post(f"/people/{somebody.pk}/reset").content
    for what, sent in (
        ("role", {"role": "king"}),
        ("leave", {"organisation": "x"}),
        ("nonsense", {}),
        ("join", {}),
    ):
        assert client.post(f"/people/{somebody.pk}/{what}", sent).status_code == 302
    assert client.post(f"/people/{chief.pk}/close").status_code == 302
    chief.refresh_from_db()
    assert chief.is_active


def test_organisations_are_edited_on_pages(enter: Enter) -> None:
    client = enter(making.person(Role.ANALYST))
    assert (
        client.post(
            "/organisations/new/", {"name": "Contoso", "sector": "health", "country": "gb"}
        ).status_code
        == 302
    )
    path = client.get("/organisations/?q=conto").content.decode().split('href="/organisations/')
    number = next(int(part.split("/")[0]) for part in path[1:] if part[0].isdigit())
    sent = {"role": "technical", "channel": "email", "value": "it@contoso.example", "language": "en"}
    assert client.post(f"/organisations/{number}/contacts/new/", sent).status_code == 302
    assert b"already" in client.post(f"/organisations/{number}/contacts/new/", sent).content
    assert (
        client.post(
            f"/organisations/{number}/claims/new/", {"kind": "cidr", "value": "192.0.2.9/24"}
        ).status_code
        == 302
    )
    assert (
        b"is no cidr"
        in client.post(f"/organisations/{number}/claims/new/", {"kind": "cidr", "value": "x"}).content
    )
    page = client.get(f"/organisations/{number}/").content
    for text in (b"192.0.2.0/24", b"it@contoso.example", b"contact added", b"Health", b"GB"):
        assert text in page
