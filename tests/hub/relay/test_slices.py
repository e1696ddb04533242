"""Slices: who is told of what, what is kept from him, what he answers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.relay.making import carried, carrier, slice_of, standing

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.models import Event, Standing
from tocsin.hub.relay import selectors, services
from tocsin.hub.relay.models import Carrier, Entry
from tocsin.hub.rules.relay import NOT_TOLD, Answer, RowState
from tocsin.hub.rules.words import Compromise, Exposure, Role

pytestmark = pytest.mark.django_db
AGREED = {"tells_compromise": True, "ceiling": "amber+strict", "agreement": "signed 2021-03-01"}


def tell(row: Standing) -> None:
    """Let the chain say that something about a server changed."""
    with writing():
        change = Change(at=timezone.now(), kind="exposure", subject=f"server:{row.server_id}")
        append([change])


def test_a_slice_is_what_lies_in_scope_and_is_open() -> None:
    row = carrier(None, "192.0.2.0/25", "2001:db8::/32")
    standing("192.0.2.1")
    standing("192.0.2.200")
    standing("192.0.2.2", exposure=Exposure.PATCHED)
    standing("192.0.2.3", exposure=Exposure.UNREACHABLE)
    standing("2001:db8::7")
    carried()
    assert set(slice_of(row)) == {"192.0.2.1", "192.0.2.3", "2001:db8::7"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("asn", "64500"),
        ("domain", "contoso.example"),
        ("host", "mail.contoso.example"),
        ("host", "192.0.2.1"),
    ],
)
def test_every_kind_of_scope(kind: str, value: str) -> None:
    row, by = carrier(), making.person()
    standing("192.0.2.1", hostname="mail.contoso.example", asn=64500)
    standing("203.0.113.1", hostname="mail.fabrikam.example", asn=64501)
    services.add_parts(row, kind, [value], by=by)
    carried()
    assert set(slice_of(row)) == {"192.0.2.1"}


def test_a_list_of_customers_and_own_claims_are_scope_too() -> None:
    own, customer = making.organisation("Provider"), making.organisation("Customer")
    making.claim(own, "198.51.100.0/24")
    row = carrier(own)
    standing("198.51.100.1")
    standing("192.0.2.1", customer)
    services.add_parts(row, "organisation", [str(customer.pk)], by=making.person())
    carried()
    assert set(slice_of(row)) == {"198.51.100.1", "192.0.2.1"}
    row.by_claims = False
    services.save_carrier(row, by=making.person())
    carried()
    assert set(slice_of(row)) == {"192.0.2.1"}


def test_several_carriers_may_carry_one_server() -> None:
    wide, narrow = carrier(None, "192.0.0.0/16"), carrier(None, "192.0.2.0/24")
    standing()
    carried()
    assert set(slice_of(wide)) == set(slice_of(narrow)) == {"192.0.2.1"}


def test_nothing_of_a_compromise_is_told_without_an_agreement(enter: Callable[[User], Client]) -> None:
    row = carrier(None, "192.0.2.0/24")
    standing("192.0.2.1", compromise=Compromise.CONFIRMED)
    standing("192.0.2.2", exposure=Exposure.PATCHED, compromise=Compromise.CONFIRMED)
    carried()
    assert set(slice_of(row)) == {"192.0.2.1"}
    client = enter(making.member(row.organisation))
    for question in ("", "?export=csv", "?export=json"):
        answer = client.get(f"/relay/carriers/{row.pk}/{question}")
        text = answer.getvalue().decode()
        assert "192.0.2.1" in text
        assert NOT_TOLD in text
        assert "confirmed" not in text
        assert "STRICT" not in text


def test_with_an_agreement_it_is_told_and_marked_narrower() -> None:
    row = carrier(None, "192.0.2.0/24", **AGREED)
    standing("192.0.2.2", exposure=Exposure.PATCHED, compromise=Compromise.CONFIRMED)
    carried()
    assert set(slice_of(row)) == {"192.0.2.2"}
    row.tells_compromise = False
    services.save_carrier(row, by=making.person())
    assert slice_of(row) == {}  # at once: that it stands there tells
    carried()
    assert slice_of(row) == {}


def test_an_agreement_needs_words_and_a_label_that_holds_it() -> None:
    row = carrier()
    row.tells_compromise = True
    with pytest.raises(UsageFault, match="agreement"):
        services.save_carrier(row, by=making.person())
    row.agreement = "signed"
    with pytest.raises(UsageFault, match="agreement"):
        services.save_carrier(row, by=making.person())
    row.ceiling = "amber+strict"
    assert services.save_carrier(row, by=making.person()).terms.tells_compromise


def test_a_carrier_below_amber_is_told_of_nobody() -> None:
    row = carrier(None, "192.0.2.0/24")
    standing()
    carried()
    assert len(slice_of(row)) == 1
    row.ceiling = "green"
    services.save_carrier(row, by=making.person())
    assert slice_of(row) == {}  # at once
    carried()
    assert slice_of(row) == {}


def test_who_is_kept_secret_leaves_at_once_and_comes_back() -> None:
    owner, by = making.organisation(), making.person()
    row = carrier(None, "192.0.2.0/24")
    standing("192.0.2.1", owner)
    carried()
    kept = services.keep_secret(owner, "asked for it", by=by)
    assert slice_of(row) == {}
    carried()
    assert slice_of(row) == {}
    services.end_secrecy(kept, by=by)
    carried()
    assert len(slice_of(row)) == 1


def test_changes_follow_from_the_chain_alone() -> None:
    row = carrier(None, "192.0.2.0/24")
    first = standing("192.0.2.1")
    carried()
    second = standing("192.0.2.2")
    tell(second)
    carried()
    assert set(slice_of(row)) == {"192.0.2.1", "192.0.2.2"}
    Standing.objects.filter(pk=first.pk).update(exposure=Exposure.PATCHED)
    tell(first)
    carried()
    assert slice_of(row)["192.0.2.1"].standing.exposure == Exposure.PATCHED  # its end is told, too


def test_members_see_their_own_slice_alone(enter: Callable[[User], Client]) -> None:
    mine, other = carrier(None, "192.0.2.0/24"), carrier(making.organisation("Else"), "198.51.100.0/24")
    standing("192.0.2.1")
    standing("198.51.100.1")
    carried()
    client = enter(making.member(mine.organisation))
    assert b"192.0.2.1" in client.get(f"/relay/carriers/{mine.pk}/").content
    assert client.get(f"/relay/carriers/{other.pk}/").status_code == 404
    assert client.get(f"/relay/carriers/{other.pk}/times/").status_code == 404
    row = Entry.objects.get(carrier=other)
    posted = {"chosen": row.pk, "which": "chosen", "confirmed": "1", "state": "taken-on"}
    assert client.post(f"/relay/carriers/{other.pk}/answer/", posted).status_code == 404
    client.post(f"/relay/carriers/{mine.pk}/answer/", posted)
    row.refresh_from_db()
    assert row.state == RowState.NO_ANSWER


def test_answers_are_kept_row_by_row_and_change_neither_axis(enter: Callable[[User], Client]) -> None:
    row = carrier(None, "192.0.2.0/24")
    for number in range(1, 4):
        standing(f"192.0.2.{number}")
    carried()
    client = enter(making.member(row.organisation))
    entry = slice_of(row)["192.0.2.1"]
    address = f"/relay/carriers/{row.pk}/answer/"
    today = timezone.now().date().isoformat()
    chosen = {"chosen": entry.pk, "which": "chosen", "action": "passed-on"}
    assert b"This is about 1 row" in client.post(address, chosen).content
    said = {**chosen, "confirmed": "1", "state": "passed-on", "day": today}
    assert client.post(address, said).status_code == 302
    assert client.post(address, {"which": "all", "confirmed": "2", "state": "fixed"}).status_code == 200
    assert client.post(address, {"which": "all", "confirmed": "3", "state": "fixed"}).status_code == 302
    found = slice_of(row)
    assert {one.state for one in found.values()} == {RowState.FIXED}
    assert str(found["192.0.2.1"].passed_on) == today
    assert found["192.0.2.1"].answers.count() == 2
    assert set(Standing.objects.values_list("exposure", flat=True)) == {Exposure.VULNERABLE}
    events = Event.objects.filter(kind="relay", subject=f"server:{entry.standing.server_id}")
    assert [event.after for event in events.order_by("pk")] == ["passed-on", "fixed"]


def test_who_may_answer() -> None:
    row = carrier(None, "192.0.2.0/24")
    standing()
    carried()
    entries = [slice_of(row)["192.0.2.1"].pk]
    said = Answer(state=RowState.TAKEN_ON)
    for stranger in (making.person(Role.VIEWER), making.member(making.organisation("Else"))):
        with pytest.raises(PermissionDenied):
            services.answer(by=stranger, entries=entries, said=said)
    for allowed in (making.person(Role.ANALYST), making.member(row.organisation)):
        assert services.answer(by=allowed, entries=entries, said=said) == 1


def test_answers_are_all_or_none() -> None:
    row = carrier(None, "192.0.2.0/24")
    standing()
    carried()
    entry = slice_of(row)["192.0.2.1"]
    with pytest.raises(PermissionDenied):
        services.answer(
            by=making.person(), entries=[entry.pk, entry.pk + 1], said=Answer(state=RowState.FIXED)
        )
    entry.refresh_from_db()
    assert (entry.state, Event.objects.count()) == (RowState.NO_ANSWER, 0)


def test_times_run_from_being_told_to_each_answer() -> None:
    row = carrier(None, "192.0.2.0/24")
    for number in range(1, 4):
        standing(f"192.0.2.{number}")
    carried()
    began = timezone.now() - timedelta(days=10)
    Entry.objects.update(added=began)
    entries = sorted(entry.pk for entry in slice_of(row).values())
    by = making.person()
    for number, days in ((entries[0], 1), (entries[1], 3)):
        said = Answer(state=RowState.TAKEN_ON)
        services.answer(by=by, entries=[number], said=said, now=began + timedelta(days=days))
    told = selectors.times_of(row)
    assert (told.taken_on.asked, told.taken_on.came, told.taken_on.median) == (3, 2, 3.0)
    assert (told.said_fixed.came, told.said_fixed.median) == (0, None)


def test_files_of_a_slice_are_harmless(enter: Callable[[User], Client]) -> None:
    row = carrier(None, "192.0.2.0/24", tells_owner=True)
    standing(
        "192.0.2.1", making.organisation('=HYPERLINK("http://192.0.2.9")'), hostname="+mail.contoso.example"
    )
    carried()
    client = enter(making.member(row.organisation))
    address = f"/relay/carriers/{row.pk}/"
    answer = client.get(f"{address}?export=csv")
    assert answer["Content-Disposition"].startswith("attachment")
    cells = next(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert cells["owner"].startswith("'=")
    assert cells["hostname"].startswith("'+")
    whole = json.loads(client.get(f"{address}?export=json").getvalue())
    assert [found["tlp"] for found in whole] == ["TLP:AMBER"]


def key_of(person: User, *scopes: str) -> dict[str, str]:
    key = make_token(person, "x", list(scopes), days=1, by=person)[1]
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


def test_a_program_pulls_its_rows_and_answers() -> None:
    row, other = carrier(None, "192.0.2.0/24"), carrier(making.organisation("Else"), "198.51.100.0/24")
    standing("192.0.2.1", compromise=Compromise.SUSPECTED)
    standing("198.51.100.1")
    carried()
    door = key_of(making.member(row.organisation), "relay:read", "relay:write")
    client = Client()
    assert [one["id"] for one in client.get("/api/relay/carriers", **door).json()["items"]] == [row.pk]
    found = client.get(f"/api/relay/carriers/{row.pk}/rows", **door).json()["items"]
    assert [(one["ip"], one["compromise"], one["tlp"]) for one in found] == [("192.0.2.1", NOT_TOLD, "amber")]
    assert client.get(f"/api/relay/carriers/{other.pk}/rows", **door).status_code == 404

    def answer(number: int, **said: object) -> int:
        body = {"rows": [number], **said}
        return client.post("/api/relay/answers", body, content_type="application/json", **door).status_code

    assert answer(found[0]["id"], state="taken-on") == 201
    assert answer(found[0]["id"], state="passed-on") == 400  # no day
    assert answer(Entry.objects.get(carrier=other).pk, state="taken-on") == 403
    assert client.get("/api/relay/infrastructure", **door).json()["items"] == []
    body = {"value": "203.0.113.9", "first_seen": "2021-03-01T00:00:00Z", "last_seen": "2021-03-02T00:00:00Z"}
    sent = client.post("/api/relay/infrastructure", body, content_type="application/json", **door)
    assert sent.status_code == 403


def test_terms_and_scopes_are_set_by_form(enter: Callable[[User], Client]) -> None:
    owner = making.organisation("Provider")
    client = enter(making.person())
    wanted = {"name": "P", "kind": "hoster", "organisation": owner.pk, "ceiling": "amber", "active": "on"}
    assert b"agreement" in client.post("/relay/carriers/new/", {**wanted, "tells_compromise": "on"}).content
    assert client.post("/relay/carriers/new/", wanted).status_code == 302
    row = Carrier.objects.get(name="P")
    scope = f"/relay/carriers/{row.pk}/scope/"
    assert b"is no cidr" in client.post(scope, {"kind": "cidr", "values": "192.0.2.0/24\nnowhere"}).content
    assert row.parts.count() == 0
    client.post(scope, {"kind": "cidr", "values": "192.0.2.0/24\n192.0.2.0/24\n2001:db8::1/32"})
    assert sorted(row.parts.values_list("value", flat=True)) == ["192.0.2.0/24", "2001:db8::/32"]
    for part in row.parts.all():
        client.post(f"/relay/parts/{part.pk}/remove")
    assert row.parts.count() == 0
