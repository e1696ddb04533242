"""Pages and API of notices: who sees what, dry run, approval by post, the public page, hostile names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from math import inf

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.notices import rows

from tocsin.hub.accounts.models import OperatorText, User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices import approving, results
from tocsin.hub.notices.models import Batch, Delivery, Notice
from tocsin.hub.outbox.models import Message
from tocsin.hub.rules.notices import BatchState
from tocsin.hub.rules.words import Channel, Compromise, Role

pytestmark = pytest.mark.django_db
HOSTILE = '=cmd|"/c calc"!A1 <img src=x onerror=alert(1)> {{ 7|add:7 }} {% include "x" %}'
Enter = Callable[[User], Client]


def test_from_the_form_to_the_outbox(enter: Enter) -> None:
    owner = rows.owner()
    rows.verified(owner, "+1 202 555 0100", Channel.PHONE)
    rows.server(owner, compromise=Compromise.SUSPECTED)
    client = enter(making.person(Role.ANALYST))
    wanted = {"campaign": "proxylogon", "kind": "vulnerable", "query": "", "look": "1"}
    assert b"<strong>1</strong> organisation" in client.post("/notices/batches/new/", wanted).content
    answer = client.post("/notices/batches/new/", {**wanted, "confirmed": "1"})
    batch = Batch.objects.get()
    assert answer.headers["Location"] == f"/notices/batches/{batch.pk}/"
    assert b"It is being planned" in client.get(f"/notices/batches/{batch.pk}/").content
    rows.plan_all()
    shown = client.get(f"/notices/batches/{batch.pk}/messages/").content.decode()
    assert "reference-only" in shown
    assert "compromise is suspected, or a web shell was seen" in shown
    assert "192.0.2.4" in shown  # in the call's script
    batch.refresh_from_db()
    act = f"/notices/batches/{batch.pk}/act/"
    client.post(act, {"act": "approve", "digest": "wrong"})
    assert not Delivery.objects.filter(due__isnull=False).exists()
    client.post(act, {"act": "approve", "digest": batch.digest})
    rows.sent()
    assert Message.objects.count() == 2
    assert client.get(f"/notices/?batch={batch.pk}").status_code == 200
    assert client.get(f"/notices/batches/{batch.pk}/").status_code == 200
    client.post(act, {"act": "cancel", "reason": "a drill"})
    batch.refresh_from_db()
    assert batch.state == BatchState.CANCELLED


def test_a_filter_that_cannot_be_read_is_said(enter: Enter) -> None:
    rows.campaign()
    client = enter(making.person(Role.ANALYST))
    wanted = {"campaign": "proxylogon", "kind": "vulnerable", "query": "sector=nonsense", "look": "1"}
    assert b"nonsense" in client.post("/notices/batches/new/", wanted).content
    again = client.post("/notices/batches/new/", {**wanted, "query": "sort=up", "confirmed": "1"})
    assert again.status_code == 200
    assert not Batch.objects.exists()


def test_members_see_what_their_own_were_told_once_it_left(enter: Enter) -> None:
    mine, other = rows.owner(1), rows.owner(2)
    rows.server(mine, 4)
    rows.server(other, 8)
    batch = rows.planned()
    client = enter(making.member(mine))
    notice, foreign = Notice.objects.get(organisation=mine), Notice.objects.get(organisation=other)
    assert client.get(f"/notices/{notice.pk}/").status_code == 404
    rows.released(batch)
    rows.sent()
    page = client.get(f"/notices/{notice.pk}/").content.decode()
    assert notice.reference in page
    assert "Why so" not in page
    assert "/o/" not in page
    assert client.get(f"/notices/{foreign.pk}/").status_code == 404
    assert foreign.reference not in client.get("/notices/").content.decode()


def test_hostile_names_are_text_everywhere(enter: Enter) -> None:
    owner = rows.owner(1, name=HOSTILE)
    rows.verified(owner, "1 <b>Street</b>\n=12345 Town", Channel.LETTER)
    rows.server(owner, compromise=Compromise.SUSPECTED)
    rows.released(rows.planned())
    rows.sent()
    client, number = enter(making.person(Role.ANALYST)), Notice.objects.get().pk
    for path in ("/notices/", f"/notices/{number}/", f"/notices/batches/{Batch.objects.get().pk}/messages/"):
        page = client.get(path).content.decode()
        assert "<img src=x" not in page, path
        assert "<b>Street" not in page, path
        assert "{{ 7|add:7 }}" in page or path == "/notices/batches/", path
    table = b"".join(client.get("/notices/?export=csv").streaming_content).decode()  # type: ignore[arg-type]  # bytes
    assert all(
        not cell.startswith(("=", "+", "-", "@")) for row in csv.reader(io.StringIO(table)) for cell in row
    )
    letter = Delivery.objects.get(channel=Channel.LETTER)
    assert "{{ 7|add:7 }} {% include" in letter.text


def test_a_reference_is_checked_by_anybody_and_nothing_else_is_told() -> None:
    owner = rows.owner()
    rows.server(owner)
    batch = rows.planned()
    reference, stranger = Notice.objects.get().reference, Client()
    assert "did not give this reference" in _asked(stranger, reference)
    rows.released(batch)
    said = _asked(stranger, f" {reference.lower().replace('-', ' ')} ")
    assert "we gave this reference" in said
    assert owner.name not in said
    assert "did not give" in _asked(stranger, "T-2222-2222-2222")
    assert "did not give" in _asked(stranger, "'; DROP TABLE--\x01")
    for _ in range(30):
        last = stranger.post("/contact/", {"reference": "T-2222-2222-2222"})
    assert last.status_code == 429


def _asked(client: Client, reference: str) -> str:
    return client.post("/contact/", {"reference": reference}).content.decode()


def test_the_public_page_says_what_the_operator_wrote(enter: Enter) -> None:
    client = enter(making.person(Role.ADMINISTRATOR))
    given = {
        "contact-name": "CERT Example",
        "contact-phone": "+1 202 555 0100 <script>",
        "contact-pgp": "AB12",
    }
    assert client.post("/contact/edit/", given).status_code == 302
    page = Client().get("/contact/").content.decode()
    assert "CERT Example" in page
    assert "+1 202 555 0100 &lt;script&gt;" in page
    assert client.post("/contact/edit/", {"contact-name": "https://x.example"}).status_code == 200
    assert OperatorText.objects.get(key="contact-name").text == "CERT Example"


def test_programs_plan_and_read_and_let_nothing_go() -> None:
    person = making.person()
    owner = rows.owner()
    rows.server(owner)
    key = make_token(person, "x", ["notices:read", "notices:write"], days=1, by=person)[1]
    client = Client(headers={"Authorization": f"Bearer {key}"})
    wanted = json.dumps({"campaign": "proxylogon", "kind": "vulnerable"})
    made = client.post("/api/notices/batches", wanted, content_type="application/json")
    assert made.status_code == 201
    rows.plan_all()
    rows.sent()
    assert not Message.objects.exists()
    batch = client.get("/api/notices/batches").json()["items"][0]
    assert (batch["state"], batch["counts"]["notices"]) == ("planned", 1)
    assert client.get("/api/notices").json()["items"][0]["reference"] == Notice.objects.get().reference
    [message] = client.get(f"/api/notices/messages?batch={batch['id']}").json()["items"]
    assert "the owner's own link" in message["text"]
    assert client.get("/api/notices/gaps").json()["items"] == []
    broken = json.dumps({"campaign": "proxylogon", "kind": "directive"})
    assert client.post("/api/notices/batches", broken, content_type="application/json").status_code == 400


def test_results_say_what_telling_early_caused(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approving, "people_needed", lambda _notices: 1)
    for at in range(1, 61):
        owner = making.organisation(f"Owner {at}", sector="health")
        making.contact(owner, f"security{at}@mailhouse.example", verified=timezone.now())
        making.standing(making.server(f"198.51.100.{at}", owner), rows.campaign())
    batch = rows.planned()
    approving.ask_trial(batch, by=making.person(), per_hour=5)
    rows.released(batch)
    address = f"/notices/batches/{batch.pk}/results/"
    assert "being worked out" in enter(making.person(Role.VIEWER)).get(address).content.decode()
    assert results.work_out_some()
    assert not results.work_out_some()
    found = results.found(Batch.objects.get())
    assert {(row["dimension"], row["value"], row["owners"]) for row in found["rows"]} == {
        ("all", "all owners", 60),
        ("arm", "told early", 30),
        ("arm", "told late", 30),
        ("channel", "email", 60),
        ("sector", "health", 60),
    }
    assert [one.notices for one in found["effects"]] == [60] * 5
    page = enter(making.person(Role.VIEWER)).get(f"/notices/batches/{batch.pk}/results/").content.decode()
    assert "Fixes caused" in page
    assert "drawn by lot among equally urgent notices" in page
    assert Standing.objects.count() == 60
    assert "<strong>arm</strong>" in page
    assert "<strong>sector</strong>" in enter(making.person()).get(f"{address}?by=sector").content.decode()
    assert results.found(batch, "sector")["chart"] != results.found(batch)["chart"]
    hour = timezone.now() + results.EVERY * 2
    cache.clear()
    assert results.work_out_some(hour)
    assert results.found(batch)["as_of"] == hour


def test_who_left_the_campaign_was_not_seen_fixed() -> None:
    """Servers of which nobody knows a state say nothing about fixes."""
    rows.server(rows.owner())
    batch = rows.released(rows.planned())
    [one] = results.times_of(batch, batch.notices.all()).values()
    assert one.right == inf
