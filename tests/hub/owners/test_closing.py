"""Nothing but evidence closes: no row, no call, no page, no form, no API, in no order of events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub import making
from tests.hub.owners import rows

from tocsin.errors import UsageFault
from tocsin.hub.accounts import services as accounts
from tocsin.hub.accounts.models import User
from tocsin.hub.census.models import Server
from tocsin.hub.exposure import proof
from tocsin.hub.exposure.models import Decision
from tocsin.hub.exposure.services import Ruling, decide, hear
from tocsin.hub.owners import answering, deciding, handing
from tocsin.hub.owners.answering import Reply
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import HandIn, Nonce, OwnerLink
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.handins import Brought, Form, against_clean
from tocsin.hub.rules.links import Answered
from tocsin.hub.rules.words import Compromise, Exposure, Grade, Role

SHOWN: dict[str, Any] = {
    "kind": "assessment",
    "grade": "re-assessed",
    "residual": "none-seen",
    "evidence": f"sha256:{'a' * 64}",
    "shown_clean": True,
}


@pytest.mark.parametrize(
    "lacking",
    [
        {"grade": "self-reported"},
        {"grade": "evidence-held"},
        {"residual": "unknown"},
        {"residual": "present"},
        {"evidence": ""},
        {"evidence": "on a disk somewhere"},
        {"kind": "removed"},
        {"by": None},
    ],
)
def test_the_table_of_decisions_refuses(lacking: dict[str, Any]) -> None:
    server = rows.server()
    values = {
        "server": server,
        "campaign": rows.proxylogon(),
        "at": rows.AT,
        "by": making.person(),
        "reason": "x",
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(**{**values, **SHOWN, **lacking})
    row = Decision.objects.create(**values, **SHOWN)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=row.pk).update(**lacking)


HELD: dict[str, Any] = {
    "form": "evidence",
    "state": "confirmed",
    "grade": "re-assessed",
    "identity": "same",
    "evidence_digest": "b" * 64,
    "pack": "proxylogon 1",
    "residual": "none-seen",
    "window_covered": True,
    "shells_gone": True,
    "collected": rows.AT,
    "decided": rows.AT,
    "shown_clean": True,
}


@pytest.mark.parametrize(
    "lacking",
    [
        {"form": "report"},
        {"state": "open"},
        {"grade": "evidence-held"},
        {"identity": "unknown"},
        {"nonce": None},
        {"evidence_digest": ""},
        {"pack": ""},
        {"residual": "unknown"},
        {"window_covered": False},
        {"shells_gone": False},
        {"collected": None},
        {"decided_by": None},
        {"decided": None},
    ],
)
def test_the_table_of_hand_ins_refuses(lacking: dict[str, Any]) -> None:
    link, _ = rows.link(rows.server())
    values = {
        "server": link.servers.get(),
        "campaign": link.campaign,
        "digest": "a" * 64,
        "nonce": link.nonces.get(),
        "decided_by": making.person(),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        HandIn.objects.create(**{**HELD, **values, **lacking})
    HandIn.objects.create(**{**HELD, **values})


def ruling(**rest: Any) -> Ruling:
    values: dict[str, Any] = {
        "kind": Kind.ASSESSMENT,
        "reason": "x",
        "at": rows.AT,
        "grade": Grade.RE_ASSESSED,
        "residual": "none-seen",
        "evidence": f"sha256:{'a' * 64}",
        "clean": True,
    }
    return Ruling(**{**values, **rest})


def test_a_caller_who_says_clean_is_asked_for_the_evidence() -> None:
    server, analyst = rows.server(), making.person(name="A. Nalyst")
    for one in (ruling(), ruling(evidence=""), ruling(evidence="sha256:"), ruling(at=None)):
        with pytest.raises(UsageFault, match="no re-assessed evidence"):
            decide(by=analyst, campaign=rows.proxylogon(), servers=[server.pk], ruling=one)
    assert not Decision.objects.exists()


def test_without_anybody_who_holds_evidence_nothing_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "WITNESSES", [])
    server = rows.server()
    with pytest.raises(UsageFault, match="no re-assessed evidence"):
        decide(by=making.person(), campaign=rows.proxylogon(), servers=[server.pk], ruling=ruling())


def test_a_confirmed_hand_in_of_one_server_says_nothing_of_another() -> None:
    server, other, analyst = rows.server(), rows.server("mail02.contoso.example"), making.person(name="A")
    link, _ = rows.link(server, now=rows.AT)
    answering.answer(link, Reply(kind=Answered.REMOVAL_CLAIMED, text="gone"), now=rows.later(30))
    row = deciding.confirm(rows.examined(link, rows.clean_report(rows.later(60))), by=analyst, close=True)
    assert row.shown_clean
    proven = ruling(evidence=f"sha256:{row.digest}", at=row.collected)
    colleague = making.person(name="B")
    for by, about, told in (
        (analyst, other, proven),
        (colleague, server, proven),
        (analyst, server, ruling(evidence=proven.evidence, at=rows.later(61))),
    ):
        with pytest.raises(UsageFault, match="not shown to be clean"):
            decide(by=by, campaign=rows.proxylogon(), servers=[about.pk], ruling=told)


@pytest.mark.parametrize(
    "told",
    [
        Ruling(kind=Kind.RETIRED, reason="x"),
        Ruling(kind=Kind.ACCEPTED_RISK, reason="x"),
        Ruling(kind=Kind.FALSE_POSITIVE, reason="x", until=date(2021, 3, 9), at=rows.AT),
        Ruling(kind=Kind.ASSESSMENT, exposure=Exposure.PATCHED),
        ruling(),
    ],
)
def test_who_has_no_account_brings_no_good_news(told: Ruling) -> None:
    server = rows.server()
    with pytest.raises(UsageFault):
        hear(actor="link:1", campaign=rows.proxylogon(), servers=[server.pk], ruling=told)
    assert not Decision.objects.exists()


def report_of(server: Server, link: OwnerLink) -> HandIn:
    document = rows.clean_report(rows.later(100), compromise="no-evidence")
    given = Given(server=server.pk, campaign=link.campaign, name="assessment.json", link=link)
    return HandIn.objects.get(pk=handing.take_report([rows.as_file(document)], given).hand_in)


def test_page_form_and_api_close_nothing_by_a_report(enter: Callable[[User], Client]) -> None:
    analyst = making.person(Role.ANALYST, name="A. Nalyst")
    server = rows.server(compromise=Compromise.REMOVED)
    link, path = rows.link(server)
    row = report_of(server, link)
    staff = enter(analyst)
    page = staff.get(f"/hand-ins/{row.pk}/").content.decode()
    assert "only evidence closes" in page
    assert 'value="close"' not in page
    raw = staff.post(f"/hand-ins/{row.pk}/decide", {"what": "close", "reason": "x", "shown_clean": "1"})
    assert raw.status_code == 409
    assert b"only evidence closes" in raw.content
    key = accounts.make_token(analyst, "t", ["owners:write", "exposure:write"], days=1, by=analyst)[1]
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    body = {"close": True, "reason": "x", "shown_clean": True, "grade": "re-assessed"}
    answer = Client().post(f"/api/owners/hand-ins/{row.pk}/confirm", body, "application/json", **bearer)
    assert answer.status_code == 400
    assert "only evidence closes" in answer.json()["detail"]
    decision = {
        "campaign": "proxylogon",
        "servers": [server.pk],
        "kind": "assessment",
        "reason": "x",
        "clean": True,
    }
    assert Client().post("/api/exposure/decisions", decision, "application/json", **bearer).status_code == 400
    form = {"kind": "assessment", "reason": "x", "clean": "1", "shown_clean": "1", "grade": "re-assessed"}
    assert staff.post(f"/servers/{server.pk}/decide/proxylogon/", form).status_code == 200
    said = rows.inside(path).post(f"{path}say", {"kind": "done", "text": "all clean", "shown_clean": "1"})
    assert said.status_code == 302
    assert rows.state(server) is not Compromise.VERIFIED_CLEAN
    assert not Decision.objects.exclude(kind="attested").exists()
    assert not HandIn.objects.filter(shown_clean=True).exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_readers_decide_about_no_hand_in(role: Role, enter: Callable[[User], Client]) -> None:
    server = rows.server()
    link, _ = rows.link(server)
    row = report_of(server, link)
    somebody = making.person(role)
    somebody.memberships.create(organisation=server.organisation)
    assert enter(somebody).get(f"/hand-ins/{row.pk}/").status_code == 200
    for what in ("confirm", "close", "refuse", "again"):
        assert enter(somebody).post(f"/hand-ins/{row.pk}/decide", {"what": what}).status_code == 403
    row.refresh_from_db()
    assert row.state == "open"


GOOD: dict[str, Any] = {
    "form": Form.EVIDENCE,
    "grade": Grade.RE_ASSESSED,
    "identity": "same",
    "nonce": rows.AT,
    "collected": rows.AT,
    "window_covered": True,
    "residual": "none-seen",
    "shells_gone": True,
    "analyst": "A. Nalyst",
    "claimed": rows.AT - timedelta(hours=1),
    "shell_seen": date(2021, 3, 7),
    "standing": Compromise.REMOVED,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": Form.REPORT},
        {"grade": Grade.EVIDENCE_HELD},
        {"identity": "unknown"},
        {"identity": "different"},
        {"nonce": None},
        {"nonce": rows.AT - timedelta(hours=2)},
        {"collected": None},
        {"collected": rows.AT - timedelta(hours=1)},
        {"window_covered": False},
        {"residual": "unknown"},
        {"shells_gone": False},
        {"analyst": ""},
        {"shell_seen": date(2021, 3, 8)},
        {"standing": Compromise.CONFIRMED},
    ],
)
def test_each_condition_stands_alone(wrong: dict[str, Any]) -> None:
    assert against_clean(Brought(**GOOD)) == []
    assert against_clean(Brought(**{**GOOD, **wrong}))


# --- any order of events ------------------------------------------------------------------------------

BEGIN = datetime(2021, 3, 8, tzinfo=UTC)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "clean", "dirty", "report", "old nonce", "no nonce", "withdraw", "close"]),
        st.integers(0, 40),
    ),
    min_size=2,
    max_size=8,
)


class Story:
    """A server, and whatever happens to it at some quarter of a day."""

    def __init__(self) -> None:
        """A server that was seen open, its owner's link, and an analyst."""
        self.server, self.analyst = rows.server(), making.person(name="A. Nalyst")
        self.link, _ = rows.link(self.server, now=BEGIN)

    def tell(self, what: str, turn: int) -> None:
        at = BEGIN + timedelta(hours=6 * turn)
        if what == "claim":
            answering.answer(self.link, Reply(kind=Answered.REMOVAL_CLAIMED, text="gone"), now=at)
        elif what == "clean":
            rows.examined(self.link, rows.clean_report(at))
        elif what == "dirty":
            rows.examined(self.link, rows.report(collected=at), shells_gone=False)
        elif what == "report":
            given = Given(server=self.server.pk, campaign=self.link.campaign, name="x", link=self.link)
            handing.take_report([rows.as_file(rows.clean_report(at))], given)
        elif what == "old nonce":
            oldest = Nonce.objects.filter(link=self.link).order_by("issued", "id")[0]
            rows.examined(self.link, rows.clean_report(at), nonce=oldest.value)
        elif what == "no nonce":
            rows.examined(self.link, rows.clean_report(at), nonce="")
        elif what == "withdraw":
            self.take_back()
        else:
            self.try_to_close()

    def take_back(self) -> None:
        from tocsin.hub.exposure.services import withdraw  # noqa: PLC0415 - the name is taken above

        standing = Decision.objects.filter(superseded_by=None).exclude(kind="withdrawn").order_by("-id")
        for one in standing[:1]:
            withdraw(by=self.analyst, decision=one, reason="changed my mind")

    def try_to_close(self) -> None:
        for row in HandIn.objects.filter(state="open").order_by("-id"):
            try:
                deciding.confirm(row, by=self.analyst, close=True)
            except UsageFault:
                continue

    def is_sound(self) -> None:
        """Clean only by a confirmed, re-assessed hand-in, later than every claim, nothing bad after it."""
        if rows.state(self.server) is not Compromise.VERIFIED_CLEAN:
            return
        stands = Decision.objects.filter(superseded_by=None)
        shown = list(stands.filter(shown_clean=True))
        assert shown
        held = HandIn.objects.filter(decision__in=shown, state="confirmed", grade="re-assessed")
        assert held.exists()
        newest = max(row.collected for row in held if row.collected)
        for row in held:
            assert (row.residual, row.form, row.identity) == ("none-seen", "evidence", "same")
            assert row.decided_by == self.analyst
        claims = [one.at for one in stands.filter(kind="removed") if one.at.date() <= newest.date()]
        assert all(claim < newest for claim in claims)
        assert not stands.filter(residual="present", at__date__gt=newest.date()).exists()


@pytest.fixture
def story() -> Story:
    """Made once; each example is rolled back."""
    return Story()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(EVENTS)
def test_no_order_of_events_closes_without_evidence(story: Story, events: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        for what, turn in events:
            story.tell(what, turn)
            story.is_sound()
        story.try_to_close()
        story.is_sound()
        transaction.set_rollback(True)


def test_the_good_way_is_among_them(story: Story) -> None:
    """So that the property above is about something."""
    for what, turn in (("dirty", 1), ("claim", 6), ("clean", 12), ("close", 13)):
        story.tell(what, turn)
    story.is_sound()
    assert rows.state(story.server) is Compromise.VERIFIED_CLEAN
