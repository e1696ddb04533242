"""Every address of the hub, as every role and as a stranger: who gets what stands in one table.

An address that is not in the table fails the test, so that no page comes to be without anybody having said
who may see it. Numbers stand for rows that the test makes; a member's own organisation is number one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from tests.hub import making
from tests.hub.advisories import rows
from tests.hub.directives import making as orders
from tests.hub.incidents import rows as reports
from tests.hub.relay import making as relay

from tocsin.hub.accounts.models import ExportRequest, User
from tocsin.hub.cases.models import Case
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives.models import Excuse, SignOff, Subject
from tocsin.hub.lists import quarantine
from tocsin.hub.notices.models import Batch, Notice
from tocsin.hub.outbox.models import Enclosure, Message
from tocsin.hub.owners.models import Answer, HandIn, OwnerLink
from tocsin.hub.rules import keys, links
from tocsin.hub.rules.cases import FactKind
from tocsin.hub.rules.words import Role

STRANGER = "stranger"
# Expected statuses of a GET by: stranger, member, viewer, analyst, administrator.
OPEN = (200, 200, 200, 200, 200)
LOGGED_IN = (302, 200, 200, 200, 200)
STAFF = (302, 403, 200, 200, 200)
WRITERS = (302, 403, 403, 200, 200)
ADMINISTRATORS = (302, 403, 403, 403, 200)
POST_ALL = (302, 405, 405, 405, 405)
POST_WRITERS = (302, 403, 403, 405, 405)
POST_ADMINISTRATORS = (302, 403, 403, 403, 405)
POST_ANYBODY = (405, 405, 405, 405, 405)
ENTRANCE = (200, 302, 302, 302, 302)  # people who are in already are sent on
TOKEN = links.sealed("A" * 43, settings.SECRET_KEY)  # of a link that the test makes
ANSWERS = {
    "/": LOGGED_IN,
    "/account/": LOGGED_IN,
    "/account/second-factor/": LOGGED_IN,
    "/account/tokens/": LOGGED_IN,
    "/account/tokens/1/revoke": POST_ALL,
    "/account/enter/1/": (410, 410, 410, 410, 410),
    "/account/login/": ENTRANCE,
    "/account/logout/": (302, 200, 200, 200, 200),
    "/account/inactive/": OPEN,
    "/account/reauthenticate/": LOGGED_IN,
    "/account/password/change/": LOGGED_IN,
    "/account/password/set/": (302, 302, 302, 302, 302),
    "/account/sessions/": LOGGED_IN,
    "/account/2fa/": LOGGED_IN,
    "/account/2fa/authenticate/": (302, 302, 302, 302, 302),
    "/account/2fa/reauthenticate/": (302, 302, 302, 302, 302),
    "/account/2fa/totp/activate/": (302, 302, 302, 302, 302),  # asks for the password first
    "/account/2fa/totp/deactivate/": (302, 404, 404, 404, 404),
    "/account/2fa/recovery-codes/": (302, 404, 404, 404, 404),
    "/account/2fa/recovery-codes/generate/": (302, 302, 302, 302, 302),
    "/account/2fa/recovery-codes/download/": (302, 404, 404, 404, 404),
    "/account/2fa/webauthn/": LOGGED_IN,
    "/account/2fa/webauthn/add/": (302, 302, 302, 302, 302),
    "/account/2fa/webauthn/reauthenticate/": (302, 302, 302, 302, 302),
    "/account/2fa/webauthn/keys/1/remove/": (302, 302, 302, 302, 302),
    "/account/2fa/webauthn/keys/1/edit/": (302, 302, 302, 302, 302),
    "/account/2fa/webauthn/login/": (302, 302, 302, 302, 302),
    "/people/": ADMINISTRATORS,
    "/people/1/": ADMINISTRATORS,
    "/people/invitations/1/withdraw": POST_ADMINISTRATORS,
    "/record/refusals/": ADMINISTRATORS,
    "/people/1/1": POST_ADMINISTRATORS,
    "/record/": ADMINISTRATORS,
    "/record/readings/": ADMINISTRATORS,
    "/data-protection/": OPEN,
    "/data-protection/edit/": ADMINISTRATORS,
    "/retention/": ADMINISTRATORS,
    "/exports/": WRITERS,
    "/exports/1/decide": POST_WRITERS,
    "/exports/1/fetch": POST_WRITERS,
    "/organisations/": LOGGED_IN,
    "/organisations/change/": POST_WRITERS,
    "/organisations/new/": WRITERS,
    "/organisations/imports/": WRITERS,
    "/organisations/contact-gap/": STAFF,
    "/organisations/conflicts/": STAFF,
    "/organisations/1/": LOGGED_IN,
    "/organisations/2/": (302, 404, 200, 200, 200),  # not the member's
    "/organisations/1/edit/": WRITERS,
    "/organisations/1/contacts/new/": WRITERS,
    "/organisations/1/claims/new/": WRITERS,
    "/contacts/1/": WRITERS,
    "/contacts/1/mark": POST_WRITERS,
    "/claims/1/": WRITERS,
    "/claims/1/end": POST_WRITERS,
    "/campaigns/": LOGGED_IN,
    "/campaigns/known-exploited/": LOGGED_IN,
    "/campaigns/proxylogon/": LOGGED_IN,
    "/campaigns/proxylogon/follow": POST_WRITERS,
    "/campaigns/proxylogon/servers/": LOGGED_IN,
    "/campaigns/proxylogon/servers/decide/": POST_WRITERS,
    "/servers/": LOGGED_IN,
    "/servers/1/": LOGGED_IN,
    "/servers/2/": (302, 404, 200, 200, 200),  # not the member's
    "/servers/1/decide/proxylogon/": WRITERS,
    "/decisions/1/withdraw/": POST_WRITERS,
    "/snapshots/": STAFF,
    "/snapshots/new/": WRITERS,
    "/snapshots/1/": STAFF,
    "/cases/": LOGGED_IN,
    "/cases/new/": WRITERS,
    "/cases/act/": POST_WRITERS,
    "/cases/piggyback/": STAFF,
    "/cases/clusters/": STAFF,
    "/cases/1/": LOGGED_IN,
    "/cases/2/": (302, 404, 200, 200, 200),  # not the member's
    "/cases/1/act/": POST_ALL,
    "/cases/1/close/": POST_WRITERS,
    "/notices/": LOGGED_IN,
    "/notices/gaps/": STAFF,
    "/notices/batches/": STAFF,
    "/notices/batches/new/": WRITERS,
    "/notices/batches/1/": STAFF,
    "/notices/batches/1/messages/": STAFF,
    "/notices/batches/1/results/": STAFF,
    "/notices/batches/1/act/": POST_WRITERS,
    "/notices/1/": LOGGED_IN,
    "/notices/2/": (302, 404, 200, 200, 200),  # not the member's
    "/notices/1/xarf/": STAFF,
    "/contact/": OPEN,
    "/contact/edit/": ADMINISTRATORS,
    "/views/save/": POST_ALL,
    "/views/1/delete/": POST_ALL,
    "/outbox/": STAFF,
    "/outbox/1/": STAFF,
    "/outbox/1/settle/": POST_WRITERS,
    "/outbox/1/called/": POST_WRITERS,
    "/outbox/1/came-back/": POST_WRITERS,
    "/outbox/enclosures/1/": STAFF,
    "/outbox/change/": POST_WRITERS,
    "/outbox/in-doubt/": STAFF,
    "/outbox/calls/": STAFF,
    "/outbox/letters/": STAFF,
    "/outbox/letters/print/": WRITERS,
    "/outbox/letters.pdf": WRITERS,
    "/outbox/letters/printed/": POST_WRITERS,
    "/outbox/hold/": STAFF,
    "/situation/by/sector/": STAFF,
    "/situation/queue/patched-not-clean/": LOGGED_IN,
    "/situation/report/": STAFF,
    "/situation/report.json": STAFF,
    "/situation/published.json": STAFF,
    "/advisories/": OPEN,
    "/advisories/new/": WRITERS,
    "/advisories/publisher/": ADMINISTRATORS,
    "/advisories/feed.atom": OPEN,
    "/advisories/subscribe/": OPEN,
    "/advisories/subscribers/": ADMINISTRATORS,
    "/advisories/subscribers/1/": ADMINISTRATORS,
    "/advisories/subscribers/1/change": POST_ADMINISTRATORS,
    f"/advisories/subscription/{TOKEN}/begin/": (410, 410, 410, 410, 410),
    f"/advisories/subscription/{TOKEN}/end/": (410, 410, 410, 410, 410),
    "/advisories/everybody/": OPEN,
    "/advisories/everybody/history/": OPEN,
    "/advisories/everybody/csaf.json": OPEN,
    "/advisories/everybody/edit/": WRITERS,
    "/advisories/everybody/submit": POST_WRITERS,
    "/advisories/everybody/send-back": POST_WRITERS,
    "/advisories/everybody/publish": POST_WRITERS,
    "/advisories/everybody/withdraw": POST_WRITERS,
    "/advisories/members/": (404, 200, 200, 200, 200),  # TLP:AMBER
    "/advisories/members/csaf.json": (404, 200, 200, 200, 200),
    "/advisories/named/": (404, 404, 200, 200, 200),  # TLP:RED
    "/advisories/named/csaf.json": (404, 404, 404, 404, 404),
    "/.well-known/csaf/provider-metadata.json": OPEN,
    "/.well-known/csaf/white/": OPEN,
    "/.well-known/csaf/white/index.txt": OPEN,
    "/.well-known/csaf/white/changes.csv": OPEN,
    "/.well-known/csaf/white/2021/": OPEN,
    "/.well-known/csaf/white/2021/tocsin-2021-0001.json": OPEN,
    "/.well-known/csaf/white/2021/tocsin-2021-0001.json.asc": OPEN,
    f"/.well-known/csaf/openpgp/{'a' * 40}.asc": OPEN,
    "/report/": OPEN,
    "/report/status/": OPEN,
    "/report/status/follow-up": (405, 405, 405, 405, 405),
    "/report/status/leave": (405, 405, 405, 405, 405),
    "/incidents/": LOGGED_IN,
    "/incidents/1/": LOGGED_IN,
    "/incidents/2/": (302, 404, 200, 200, 200),  # not the member's
    "/incidents/1/state": POST_WRITERS,
    "/incidents/1/link": POST_WRITERS,
    "/incidents/1/say": POST_WRITERS,
    "/incidents/1/merge": POST_WRITERS,
    "/incidents/1/case": POST_WRITERS,
    "/incidents/1/export": POST_WRITERS,
    "/incidents/files/1/": (302, 403, 302, 302, 302),  # the file itself is gone
    "/relay/": LOGGED_IN,
    "/relay/carriers/new/": WRITERS,
    "/relay/carriers/1/": LOGGED_IN,
    "/relay/carriers/2/": (302, 404, 200, 200, 200),  # not the member's
    "/relay/carriers/1/edit/": WRITERS,
    "/relay/carriers/1/scope/": WRITERS,
    "/relay/carriers/1/times/": LOGGED_IN,
    "/relay/carriers/1/answer/": POST_ALL,
    "/relay/parts/1/remove": POST_WRITERS,
    "/relay/secrecy/": WRITERS,
    "/relay/secrecy/1/end": POST_WRITERS,
    "/relay/infrastructure/": STAFF,
    "/relay/infrastructure/new/": WRITERS,
    "/relay/infrastructure/offered/": STAFF,
    "/relay/infrastructure/1/": STAFF,
    "/relay/infrastructure/1/report": POST_WRITERS,
    "/relay/reports/": STAFF,
    "/relay/reports/1/step": POST_WRITERS,
    "/relay/authorities/": ADMINISTRATORS,
    "/relay/authorities/1/end": POST_ADMINISTRATORS,
    "/streams/": (302, 200, 200, 200, 200),
    "/streams/1/": (302, 200, 403, 403, 200),
    "/streams/2/": (302, 404, 403, 403, 200),  # not the member's
    "/streams/1/1": (302, 405, 403, 403, 405),
    "/hand-ins/": LOGGED_IN,
    "/hand-ins/1/": LOGGED_IN,
    "/hand-ins/1/decide": POST_WRITERS,
    "/hand-ins/1/file": STAFF,
    "/owners/answers/": LOGGED_IN,
    "/owners/answers/1/handled": POST_WRITERS,
    "/owners/links/": STAFF,
    "/owners/links/1/": LOGGED_IN,
    "/owners/links/1/withdraw": POST_WRITERS,
    "/servers/1/owner-link/proxylogon/": WRITERS,
    f"/o/{TOKEN}/": OPEN,  # a door that shows nothing
    f"/o/{TOKEN}/show": POST_ANYBODY,
    f"/o/{TOKEN}/say": POST_ANYBODY,
    f"/o/{TOKEN}/report": POST_ANYBODY,
    f"/o/{TOKEN}/evidence": POST_ANYBODY,
    "/directives/": LOGGED_IN,
    "/directives/exceptions/1/decide": POST_WRITERS,
    "/directives/reports/1/take-in": POST_WRITERS,
    "/directives/ed-21-02/": LOGGED_IN,
    "/directives/ed-21-02/answers/": LOGGED_IN,
    "/directives/ed-21-02/matrix/": LOGGED_IN,
    "/directives/ed-21-02/rounds/1/": LOGGED_IN,
    "/directives/ed-21-02/follow": POST_WRITERS,
    "/directives/ed-21-02/addressees/": WRITERS,
    "/directives/ed-21-02/organisations/1/": LOGGED_IN,
    "/directives/ed-21-02/organisations/2/": (302, 404, 200, 200, 200),  # not the member's
    "/directives/ed-21-02/organisations/1/say/": (302, 200, 403, 200, 200),  # members speak for their own
    "/directives/ed-21-02/organisations/1/exception/": (302, 200, 403, 200, 200),
    "/directives/ed-21-02/organisations/1/sign/": (302, 200, 403, 200, 200),
    "/directives/ed-21-02/organisations/1/questions/": (302, 200, 403, 200, 200),
    "/directives/ed-21-02/organisations/1/workbook/": (302, 200, 403, 200, 200),
    "/directives/ed-21-02/organisations/1/workbook.zip": LOGGED_IN,
    "/api/openapi.json": OPEN,
}
NAMED = {
    "<slug:key>": "proxylogon",
    "<str:token>": TOKEN,
    "<slug:campaign>": "proxylogon",
    "<slug:dimension>": "sector",
    "<slug:name>": "patched-not-clean",
    "<slug:form>": "json",
    "<slug:slug>": "everybody",
    "<slug:kind>": "atom",
    "<int:year>": "2021",
    "<str:name>": "tocsin-2021-0001.json",
    "<slug:fingerprint>": "a" * 40,
    "<slug:directive>": "ed-21-02",
}

TWICE = {
    "/organisations/2/",
    "/servers/2/",
    "/incidents/2/",
    "/relay/carriers/2/",
    "/streams/2/",
    "/cases/2/",
    "/notices/2/",
    "/directives/ed-21-02/organisations/2/",
    "/advisories/members/",
    "/advisories/members/csaf.json",
    "/advisories/named/",
    "/advisories/named/csaf.json",
    "/.well-known/csaf/white/2021/tocsin-2021-0001.json.asc",
}
"""Rows of the table whose address another row has with another number or name."""


def addresses(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Every address, with a name or 1 for each parameter."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield "/" + re.sub(r"<[^>]+>", lambda found: NAMED.get(found[0], "1"), route)


def known_to_django() -> list[str]:
    found = set(addresses(get_resolver().url_patterns))
    return sorted(path for path in found if not path.startswith("/api/") or path == "/api/openapi.json")


def test_every_address_stands_in_the_table() -> None:
    assert set(known_to_django()) - set(ANSWERS) == set()
    assert set(ANSWERS) - set(known_to_django()) == TWICE


def fill(people: dict[str, User], client: Client) -> None:
    """Rows numbered as the table says, whatever numbers the database gives."""
    first = making.organisation("Own", pk=1)
    making.organisation("Other", pk=2)
    making.contact(first, pk=1)
    making.claim(first, pk=1)
    making.campaign()
    for number, owner in ((1, first), (2, None)):
        server = making.server(f"192.0.2.{number}", owner, pk=number)
        making.standing(server, pk=number)
        case = Case.objects.create(pk=number, campaign=making.campaign(), server=server, organisation=owner)
        case.facts.create(kind=FactKind.SEEN, at=making.DAY, reason="a census saw it")
        case.comments.create(by=people["analyst"], text="a word")
        case.links.create(by=people["analyst"], label="ticket", place="7")
    making.snapshot(pk=1)
    message = Message.objects.create(
        pk=1,
        key="x",
        channel="email",
        purpose="notice",
        address="a@contoso.example",
        subject="x",
        text="x",
        message_id="<x@x>",
    )
    Enclosure.objects.create(pk=1, message=message, name="x", media_type="text/plain", content=b"x")
    for number in (1, 2):
        batch = Batch.objects.create(
            pk=number, campaign=making.campaign(), kind="vulnerable", state="planned", by=people["analyst"]
        )
        Notice.objects.create(
            pk=number,
            batch=batch,
            organisation_id=number,
            campaign=making.campaign(),
            kind="vulnerable",
            state="sending",
            reference=f"T-2222-2222-222{number + 1}",
        )
    row = orders.directive()
    Subject.objects.bulk_create([Subject(directive=row, organisation_id=number) for number in (1, 2)])
    today = timezone.now().date()
    Excuse.objects.create(
        pk=1, directive=row, organisation=first, requirement="updates", reason="x", until=today
    )
    SignOff.objects.create(
        pk=1, directive=row, organisation=first, requirement="report", name="x", office="y"
    )
    people["member"].memberships.create(organisation=first)
    ExportRequest.objects.create(pk=1, kind="organisations", reason="x", asked_by=people["analyst"])
    rows.advisories(people["analyst"])
    reports.reports(first)
    relay.fill(people)
    hand_in_by_link(first)
    assert client.get("/account/login/").status_code == 200


def hand_in_by_link(owner: Organisation) -> None:
    """A link with the token of the table, and a file that came by it."""
    link = OwnerLink.objects.create(
        pk=1,
        organisation=owner,
        campaign=making.campaign(),
        digest=keys.digest("A" * 43),
        expires=timezone.now() + timedelta(days=1),
    )
    link.servers.set([1])
    held = quarantine.keep([b"evidence"], most=100)
    HandIn.objects.create(
        pk=1, link=link, server_id=1, campaign=link.campaign, form="evidence", digest=held.digest
    )
    Answer.objects.create(pk=1, link=link, kind="acknowledged")


@pytest.mark.parametrize("who", [STRANGER, "member", "viewer", "analyst", "administrator"])
def test_who_gets_what(who: str, enter: Callable[[User], Client]) -> None:
    numbers = {"administrator": 1, "analyst": 2, "viewer": 3, "member": 4}
    people = {name: making.person(Role(name), pk=number) for name, number in numbers.items()}
    fill(people, Client())
    column = [STRANGER, "member", "viewer", "analyst", "administrator"].index(who)
    client = Client() if who == STRANGER else enter(people[who])
    got = {path: client.get(path) for path in sorted(ANSWERS, key=lambda path: "log" in path)}
    wrong = {
        path: answer.status_code
        for path, answer in got.items()
        if answer.status_code != ANSWERS[path][column]
    }
    assert wrong == {}
    for path, answer in got.items():
        _is_armoured(path, answer)
        if answer.streaming:
            answer.getvalue()  # to its end, which closes its file


def _is_armoured(path: str, answer: HttpResponse) -> None:
    """Every answer carries the headers; no page has style or script that the policy would stop."""
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
        text = answer.content.decode()
        assert " style=" not in text, path
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), path
        assert not re.search(r"\son[a-z]+=", text), path


@pytest.mark.django_db
def test_pages_that_show_victims_are_recorded(enter: Callable[[User], Client]) -> None:
    viewer = making.person(Role.VIEWER)
    client = enter(viewer)
    number = making.organisation().pk
    for path in ("/organisations/?q=con", "/organisations/?export=csv", f"/organisations/{number}/"):
        answer = client.get(path)
        assert answer.status_code == 200
        list(answer)  # a file is recorded, too, once it is taken
    assert [reading.path for reading in viewer.readings.order_by("pk")] == [
        "/organisations/?q=con",
        "/organisations/?export=csv",
        f"/organisations/{number}/",
    ]
    assert viewer.readings.filter(address="127.0.0.1", at__lte=timezone.now()).count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "path"), [(404, "/nowhere/"), (404, "/organisations/77/")])
def test_errors_look_like_the_hub(visitor: Callable[..., Client], status: int, path: str) -> None:
    answer = visitor(Role.VIEWER).get(path)
    assert answer.status_code == status
    assert b"Tocsin" in answer.content
    assert b"To the first page" in answer.content


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_our_look(enter: Callable[[User], Client]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = enter(making.person(Role.ANALYST)).cookies
    answer = strict.post("/organisations/new/", {"name": "x"})
    assert answer.status_code == 403
    assert b"To the first page" in answer.content


@pytest.mark.django_db
def test_a_fault_is_a_page_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, enter: Callable[[User], Client]
) -> None:
    client = enter(making.person(Role.VIEWER))
    client.raise_request_exception = False

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("tocsin.hub.constituency.selectors.visible_to", broken)
    answer = client.get("/organisations/")
    assert answer.status_code == 500
    assert b"Something broke here" in answer.content
    assert b"secret detail" not in answer.content
