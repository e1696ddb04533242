"""What staff do with reports, what members see of them, and what others are given."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from stix2validator import validate_string
from tests.hub import making as hub
from tests.hub.incidents import making

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act, Reading, User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.cases.models import Case
from tocsin.hub.exposure.models import Event
from tocsin.hub.incidents import handling, selectors
from tocsin.hub.incidents.models import Entry, IncidentReport
from tocsin.hub.incidents.retention import KEPT
from tocsin.hub.outbox.models import Message
from tocsin.hub.rules import incident
from tocsin.hub.rules.incident import Proof
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.tlp import Tlp
from tocsin.hub.rules.words import ClaimKind, Role

pytestmark = pytest.mark.django_db
SCHEMA = Path(incident.__file__).parent / "data" / "xarf.schema.json"
XARF = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
SCRIPT = "<script>alert(1)</script>"


def test_states_follow_each_other_and_stand_in_the_chain() -> None:
    row, by = making.report(proof=Proof.NONE), hub.person()
    for state in ("received", "triaged", "in-progress", "closed"):
        row = handling.change_state(row, state, by=by, reason="so")
    assert row.closed is not None
    assert row.next_due is None
    with pytest.raises(UsageFault, match="does not become"):
        handling.change_state(row, "received", by=by)
    moves = Event.objects.filter(kind="incident-state").order_by("id").values_list("before", "after")
    assert list(moves)[-1] == ("in-progress", "closed")
    assert selectors.shown_to_reporter(row).count() == 4


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_who_may_not_write_does_not(role: Role) -> None:
    row, other, somebody = making.report(), making.report(), hub.person(role)
    for act in (
        lambda: handling.change_state(row, "triaged", by=somebody),
        lambda: handling.say(row, "x", by=somebody, shown=True),
        lambda: handling.merge(row, other, by=somebody),
        lambda: handling.open_case(row, by=somebody),
        lambda: handling.link(row, by=somebody, organisation=None, campaign=None),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert not Case.objects.exists()


def test_a_report_becomes_a_case_once() -> None:
    row, by = making.report(), hub.person()
    cases = handling.open_case(row, by=by)
    assert handling.open_case(row, by=by) == cases
    case = Case.objects.get()
    assert (case.source, case.server, case.organisation) == ("incident", row.servers.get(), row.organisation)
    row.refresh_from_db()
    assert row.state == "triaged"
    assert Event.objects.filter(kind="incident-case").count() == 2


def test_a_case_needs_a_campaign() -> None:
    row = making.taken().report
    with pytest.raises(UsageFault, match="campaign"):
        handling.open_case(row, by=hub.person())


def test_duplicates_are_put_together_and_keep_apart_what_reporters_said() -> None:
    first, second, third, by = making.report(), making.report(), making.report(), hub.person()
    handling.say(first, "only for the first", by=by, shown=True)
    handling.merge(third, second, by=by)
    handling.merge(second, first, by=by)
    third.refresh_from_db()
    assert third.merged_into == first
    assert first.servers.count() == 3
    assert list(selectors.shown_to_reporter(second)) == []
    with pytest.raises(UsageFault):
        handling.merge(first, third, by=by)
    with pytest.raises(UsageFault):
        handling.merge(first, first, by=by)


def test_a_question_may_be_told_by_mail_that_says_nothing() -> None:
    row, by = making.report(contact="safe@home.example", seen=SCRIPT), hub.person()
    handling.say(row, "Which server was it?", by=by, shown=True, mail=True)
    message = Message.objects.get()
    assert message.address == "safe@home.example"
    assert message.subject == f"Your report {row.reference}"
    for told in ("server", "Contoso", SCRIPT, "http"):
        assert told not in message.text
    answered = next(clock for clock in selectors.clocks_of(row) if clock.name == "answer")
    assert answered.standing == "met"
    with pytest.raises(UsageFault, match="Call"):
        handling.say(making.report(), "x", by=by, shown=True, mail=True)


def test_a_contact_inside_what_the_organisation_claims_is_told_to_staff_alone() -> None:
    owner, by = hub.organisation("Claims"), hub.person()
    hub.claim(owner, "fabrikam.example", ClaimKind.DOMAIN)
    row = making.taken(contact="me@mail.fabrikam.example").report
    assert row.doubts == []
    row = handling.link(row, by=by, organisation=owner, campaign=None)
    assert "fabrikam.example" in row.doubts[0]
    row = handling.link(row, by=by, organisation=None, campaign=None)
    assert row.doubts == []
    with pytest.raises(UsageFault, match="numbers"):
        handling.link(row, by=by, organisation=None, campaign=None, servers=[77_777])


@pytest.mark.parametrize("mark", [each.value for each in Tlp])
def test_red_leaves_in_no_way(mark: str, enter: Callable[[User], Client]) -> None:
    row, analyst = making.report(tlp=mark), hub.person()
    member = enter(hub.member(row.organisation))  # type: ignore[arg-type]
    client, leaves = enter(analyst), mark != "red"
    assert client.get(f"/incidents/{row.pk}/").status_code == 200
    assert (member.get(f"/incidents/{row.pk}/").status_code == 200) is leaves
    for form in ("stix", "misp", "json"):
        answer = client.post(f"/incidents/{row.pk}/export", {"form": form})
        assert (answer.status_code == 200) is leaves
    for export in ("csv", "json"):
        listed = b"".join(client.get(f"/incidents/?export={export}").streaming_content)  # type: ignore[arg-type]
        assert (row.reference.encode() in listed) is leaves
    scopes = [Scope.INCIDENTS_READ]
    headers = {"Authorization": f"Bearer {make_token(analyst, 'x', scopes, days=1, by=analyst)[1]}"}
    for path in ("", "/stix", "/misp", "/xarf?victim=true"):
        got = Client().get(f"/api/incidents/{row.pk}{path}", headers=headers).status_code
        assert (got == 200) is leaves
    all_of_them = Client().get("/api/incidents", headers=headers).json()["items"]
    assert bool(all_of_them) is leaves


def test_the_victim_goes_along_only_where_that_is_asked_for(enter: Callable[[User], Client]) -> None:
    row, client = (
        making.report(name="Somebody", contact="me@home.example", seen="Secret words"),
        enter(hub.person()),
    )
    for form in ("stix", "misp", "json"):
        for victim in (False, True):
            fields = {"form": form, "victim": "yes" if victim else ""}
            answer = client.post(f"/incidents/{row.pk}/export", fields)
            text = answer.content.decode()
            assert ("mail.contoso.example" in text) is victim
            assert ('"Contoso"' in text) is victim
            for never in ("Somebody", "home.example", "Secret words"):
                assert never not in text
            assert answer["Content-Disposition"].startswith("attachment")
            if form == "stix":
                assert validate_string(text).is_valid
    assert Act.objects.filter(kind="incident exported").count() == 6


def test_xarf_is_about_servers_and_valid(enter: Callable[[User], Client]) -> None:
    row, client = making.report(seen="Secret words"), enter(hub.person())
    bare = client.post(f"/incidents/{row.pk}/export", {"form": "xarf"})
    assert bare.status_code == 302  # back to the page, which says why
    answer = client.post(f"/incidents/{row.pk}/export", {"form": "xarf", "victim": "yes"})
    (report,) = answer.json()
    XARF.validate(report)
    assert report["source_identifier"] == row.servers.get().ip
    assert "not confirmed" in report["description"]
    assert "tlp:amber" in report["tags"]
    assert "Secret words" not in answer.content.decode()


def test_a_report_without_a_server_opens_one_case() -> None:
    row, by = making.report(), hub.person()
    row.servers.clear()
    cases = handling.open_case(row, by=by)
    assert handling.open_case(row, by=by) == cases
    assert Case.objects.count() == 1


def test_members_see_no_server_of_others_in_a_merged_report(enter: Callable[[User], Client]) -> None:
    first, second, by = making.report(), making.report(), hub.person()
    foreign, own = second.servers.get(), first.servers.get()
    foreign.hostname = "mail.fabrikam.example"
    foreign.save()
    handling.merge(second, first, by=by)
    first.doubts = ["a word among staff"]
    first.save()
    handling.open_case(first, by=by)
    member = hub.member(first.organisation)  # type: ignore[arg-type]
    page = enter(member).get(f"/incidents/{first.pk}/").content.decode()
    assert own.hostname in page
    assert "fabrikam" not in page
    assert f'/servers/{foreign.pk}/"' not in page
    token = make_token(member, "x", [Scope.INCIDENTS_READ], days=1, by=member)[1]
    told = Client().get(f"/api/incidents/{first.pk}", headers={"Authorization": f"Bearer {token}"}).json()
    assert (told["servers"], told["doubts"], len(told["cases"])) == ([own.pk], [], 1)


def test_what_strangers_type_is_inert_everywhere(enter: Callable[[User], Client]) -> None:
    row = making.report(organisation_name=f"=1+1{SCRIPT}", seen=SCRIPT, affected=SCRIPT, name=SCRIPT)
    Entry.objects.create(report=row, kind=Entry.FOLLOW_UP, stage="other", text=SCRIPT)
    client = enter(hub.person())
    for path in ("/incidents/", f"/incidents/{row.pk}/"):
        assert SCRIPT not in client.get(path).content.decode()
    listed = b"".join(client.get("/incidents/?export=csv").streaming_content).decode()  # type: ignore[arg-type]
    assert f"'=1+1{SCRIPT}" in next(line for line in csv.reader(io.StringIO(listed)) if row.reference in line)


def test_a_member_sees_his_own_once_it_was_looked_at(enter: Callable[[User], Client]) -> None:
    row = making.report(proof=Proof.NONE)
    other = making.report()
    member = hub.member(row.organisation)  # type: ignore[arg-type]
    client = enter(member)
    assert client.get(f"/incidents/{row.pk}/").status_code == 404
    by = hub.person()
    handling.change_state(row, "received", by=by)
    handling.say(row, "among us", by=by, shown=False)
    page = client.get(f"/incidents/{row.pk}/")
    assert page.status_code == 200
    assert "among us" not in page.content.decode()
    assert client.get(f"/incidents/{other.pk}/").status_code == 404
    assert Reading.objects.filter(user=member, path=f"/incidents/{row.pk}/").exists()


def test_the_page_does_what_the_services_do(enter: Callable[[User], Client]) -> None:
    row, other, analyst = making.report(), making.report(), hub.person()
    client, base = enter(analyst), f"/incidents/{row.pk}"
    server = hub.server("198.51.100.9")
    fields: dict[str, Any] = {"organisation": "", "campaign": row.campaign_id, "servers": str(server.pk)}
    client.post(f"{base}/link", {**fields, "assignee": analyst.pk})
    client.post(f"{base}/say", {"text": "Which one?", "shown": "yes"})
    client.post(f"{base}/state", {"state": "triaged"})
    client.post(f"{base}/case")
    row.refresh_from_db()
    assert (row.state, row.assignee, row.organisation) == ("triaged", analyst, None)
    assert [case.server for case in row.cases.all()] == [server]
    client.post(f"{base}/merge", {"into": other.reference.lower()})
    row.refresh_from_db()
    assert row.merged_into == other
    for path, wrong in (
        ("link", {"servers": "x"}),
        ("say", {}),
        ("merge", {"into": "IR"}),
        ("state", {"state": "x"}),
    ):
        page = client.post(f"{base}/{path}", wrong, follow=True)
        assert "alert-danger" in page.content.decode() or "alert-error" in page.content.decode()


def test_the_api_for_staff() -> None:
    row, analyst = making.report(), hub.person()
    _, key = make_token(analyst, "x", [Scope.INCIDENTS_READ, Scope.INCIDENTS_WRITE], days=1, by=analyst)
    headers = {"Authorization": f"Bearer {key}"}

    def post(path: str, data: dict[str, Any]) -> Any:
        return Client().post(
            f"/api/incidents/{row.pk}/{path}",
            json.dumps(data),
            content_type="application/json",
            headers=headers,
        )

    assert post("state", {"state": "triaged"}).json()["state"] == "triaged"
    assert post("entries", {"text": "Which?"}).status_code == 201
    assert post("cases", {}).json()["cases"] == [Case.objects.get().pk]
    shown = Client().get(f"/api/incidents/{row.pk}", headers=headers).json()
    assert shown["servers"] == [row.servers.get().pk]
    assert post("state", {"state": "received"}).status_code == 400


def test_reports_age_from_when_they_were_closed() -> None:
    row, none, by = making.report(), making.report(), hub.person()
    handling.change_state(row, "closed", by=by)
    handling.change_state(none, "refused", by=by)
    making.report()
    later = timezone.now() + timedelta(days=1)
    found = {kept.kind: list(kept.older(later)) for kept in KEPT}
    assert found == {"incidents": [row], "incidents-refused": [none], "spent-proofs": []}
    assert IncidentReport.objects.count() == 3
