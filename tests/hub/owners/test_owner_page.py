"""The owner's page: what a look shows, what the button opens, what answers do, links that have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.hub import making
from tests.hub.owners import rows

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act, User
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Contact
from tocsin.hub.exposure.models import Decision
from tocsin.hub.owners import answering, selectors, services
from tocsin.hub.owners.models import Answer, OwnerLink
from tocsin.hub.rules.links import NO_ANSWER, Answered, unsealed
from tocsin.hub.rules.words import Compromise, Role

SECRET_WORDS = ("mail01", "192.0.2.", "Contoso", "vulnerable", "web shell")


def everything() -> dict[str, str]:
    """All rows of all models, as text."""
    return {
        model._meta.label: serializers.serialize("json", model._default_manager.order_by("pk"))
        for model in apps.get_models()
    }


def gets(path: str) -> Iterator[str]:
    for end in ("", "show", "say", "report", "evidence"):
        yield f"{path}{end}"


def test_a_look_shows_nothing_and_changes_nothing() -> None:
    made, path = rows.link(rows.server(shell_seen=making.DAY.date()))
    before = everything()
    for address in gets(path):
        answer = Client().get(address)
        assert answer.status_code in {200, 405}, address
        assert not any(word.lower() in answer.content.decode().lower() for word in SECRET_WORDS)
    assert everything() == before
    assert b"Show me" in Client().get(path).content
    made.refresh_from_db()
    assert made.opened is None


def test_no_get_with_an_open_page_changes_anything() -> None:
    _, path = rows.link(rows.server())
    client = rows.inside(path)
    before = everything()
    assert [client.get(address).status_code for address in gets(path)] == [200, 405, 405, 405, 405]
    assert client.head(path).status_code == 405
    assert everything() == before


def test_the_button_opens_the_page_in_this_browser_alone() -> None:
    server = rows.server(compromise=Compromise.SUSPECTED, shell_seen=making.DAY.date())
    made, path = rows.link(server)
    text = rows.inside(path).get(path).content.decode()
    for word in (
        "mail01.contoso.example",
        "web shell answered",
        "tocsin-nonce-",
        "custody.json",
        "No answer yet",
    ):
        assert word in text, word
    assert b"mail01" not in Client().get(path).content
    made.refresh_from_db()
    assert made.opened is not None


def test_the_page_closes_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = rows.link(rows.server())
    client = rows.inside(path)
    later = timezone.now() + timedelta(minutes=61)
    monkeypatch.setattr("tocsin.hub.owners.owner_page.timezone.now", lambda: later)
    assert b"mail01" not in client.get(path).content
    assert client.post(f"{path}say", {"kind": "help", "text": "x"}).status_code == 302
    assert not Answer.objects.exists()


def test_one_link_does_not_open_another() -> None:
    _, first = rows.link(rows.server())
    _, second = rows.link(rows.server("mail02.contoso.example"))
    assert b"mail02" not in rows.inside(first).get(second).content


def expire(link: OwnerLink, by: User) -> None:
    assert by.writes
    OwnerLink.objects.filter(pk=link.pk).update(expires=timezone.now())


def done(link: OwnerLink, by: User) -> None:
    assert by.writes
    OwnerLink.objects.filter(pk=link.pk).update(done=timezone.now())


def withdraw(link: OwnerLink, by: User) -> None:
    services.withdraw_link(link, by=by, reason="sent to the wrong address")


@pytest.mark.parametrize(
    ("end", "says"), [(expire, "time was over"), (withdraw, "withdrawn on"), (done, "is done")]
)
def test_a_link_that_has_ended_says_so(end: Callable[[OwnerLink, User], None], says: str) -> None:
    made, path = rows.link(rows.server())
    client = rows.inside(path)
    end(made, making.person(Role.ANALYST))
    for answer in (client.get(path), client.post(f"{path}say", {"kind": "acknowledged"})):
        assert answer.status_code == 410
        assert says in answer.content.decode()
        assert b"mail01" not in answer.content
    assert not Answer.objects.exists()


def test_a_forged_link_costs_no_query(django_assert_num_queries: Callable[[int], Any]) -> None:
    _, path = rows.link(rows.server())
    token = path.split("/")[2]
    other = "A" if token[0] != "A" else "B"
    for forged in (other + token[1:], token[:-1], token + "A", f"{'A' * 43}.{'A' * 22}", "x"):
        with django_assert_num_queries(0):
            assert Client().get(f"/o/{forged}/").status_code == 410


def test_the_secret_is_kept_nowhere() -> None:
    made, path = rows.link(rows.server())
    token = path.split("/")[2]
    assert selectors.link_of(token) == made
    assert token.split(".")[0] not in "".join(everything().values())
    assert unsealed(token, "another hub's key") is None


def say(client: Client, path: str, kind: Answered, **rest: Any) -> int:
    return client.post(f"{path}say", {"kind": kind.value, **rest}).status_code


def test_answers_are_words_and_close_nothing() -> None:
    server = rows.server()
    made, path = rows.link(server)
    client = rows.inside(path)
    assert server.organisation
    assert selectors.last_answer(server.organisation.pk, rows.proxylogon().pk) == NO_ANSWER
    before = rows.standing(server).exposure
    assert say(client, path, Answered.ACKNOWLEDGED) == 302
    assert say(client, path, Answered.HELP) == 400  # with which words?
    assert say(client, path, Answered.HELP, text="we need a hand") == 302
    assert say(client, path, Answered.DONE, text="updated on Monday") == 302
    assert [one.kind for one in made.answers.order_by("pk")] == ["acknowledged", "help", "done"]
    assert rows.standing(server).exposure == before
    assert rows.state(server) is Compromise.UNKNOWN
    assert selectors.last_answer(server.organisation.pk, rows.proxylogon().pk) == "done"
    assert [one.kind for one in Decision.objects.all()] == ["attested"]


def test_a_claim_of_removal_makes_a_new_nonce() -> None:
    server = rows.server()
    made, path = rows.link(server)
    client = rows.inside(path)
    assert say(client, path, Answered.REMOVAL_CLAIMED, text="deleted the page", server=server.pk) == 302
    assert made.nonces.count() == 2
    newest = made.nonces.order_by("-issued").first()
    assert newest
    assert newest.value in client.get(path).content.decode()
    assert [(one.kind, one.by) for one in Decision.objects.all()] == [("removed", None)]


def test_a_claim_by_an_analyst_makes_a_new_nonce_when_the_page_is_opened() -> None:
    server = rows.server()
    made, path = rows.link(server)
    Decision.objects.create(
        server=server,
        campaign=rows.proxylogon(),
        kind="removed",
        at=timezone.now(),
        by=making.person(),
        reason="they called",
    )
    rows.inside(path)
    assert made.nonces.count() == 2
    rows.inside(path)
    assert made.nonces.count() == 2


def test_a_new_channel_is_proposed_and_replaces_nothing() -> None:
    server = rows.server()
    assert server.organisation
    contact = making.contact(server.organisation)
    made, path = rows.link(server, contact=contact)
    client = rows.inside(path)
    assert say(client, path, Answered.CHANGE_CHANNEL) == 400
    assert say(client, path, Answered.CHANGE_CHANNEL, channel="pigeon", value="x") == 400
    assert say(client, path, Answered.CHANGE_CHANNEL, channel="phone", value="+44 20 7946 0000") == 302
    assert Contact.objects.count() == 1
    assert made.answers.get().value == "+44 20 7946 0000"


def test_opting_out_is_kept_on_the_contact_that_the_link_went_to() -> None:
    server = rows.server()
    assert server.organisation
    contact, other = (
        making.contact(server.organisation),
        making.contact(server.organisation, "b@contoso.example"),
    )
    _, path = rows.link(server, contact=contact)
    assert say(rows.inside(path), path, Answered.OPT_OUT) == 302
    contact.refresh_from_db()
    other.refresh_from_db()
    assert contact.opted_out is not None
    assert other.opted_out is None


def test_a_link_is_about_its_own_servers() -> None:
    server, foreign = rows.server(), rows.server("mail02.contoso.example")
    made, path = rows.link(server)
    reply = answering.Reply(kind=Answered.REMOVAL_CLAIMED, text="x", server=foreign.pk)
    with pytest.raises(UsageFault, match="not about that server"):
        answering.answer(made, reply)
    assert say(rows.inside(path), path, Answered.REMOVAL_CLAIMED, text="x", server=foreign.pk) == 400
    assert not Decision.objects.exists()


def test_links_are_made_for_owners_of_the_servers_alone() -> None:
    server, foreign = rows.server(), rows.server("mail02.contoso.example")
    assert server.organisation
    values: dict[str, Any] = {"campaign": rows.proxylogon(), "by": None}
    for servers, purpose, days in (
        ([foreign.pk], "notice", 30),
        ([], "notice", 30),
        ([server.pk], "marketing", 30),
        ([server.pk], "notice", 0),
        ([server.pk], "notice", 181),
    ):
        with pytest.raises(UsageFault):
            services.make_link(
                organisation=server.organisation, servers=servers, purpose=purpose, days=days, **values
            )
    assert not OwnerLink.objects.exists()


def wanted(server: Server, **rest: Any) -> services.Wanted:
    """A link as it is wanted for a server's owner."""
    values = {"purpose": "notice", "days": 30, "by": None, **rest}
    return services.Wanted(
        organisation=server.organisation_id or 0,
        servers=[server.pk],
        campaign=rows.proxylogon().pk,
        **values,
    )


def test_many_links_are_made_in_as_many_statements_as_few() -> None:
    servers = [rows.server(f"mail{at:02}.contoso.example") for at in range(12)]
    counts = []
    for some in (servers[:2], servers[2:]):
        asked_for = [wanted(one) for one in some]
        with CaptureQueriesContext(connection) as asked:
            made = services.make_links(asked_for)
        counts.append(len(asked))
        for server, one in zip(some, made, strict=True):
            path = one.address.removeprefix("http://127.0.0.1:8000")
            assert server.hostname in rows.inside(path).get(path).content.decode()
            assert list(one.link.servers.all()) == [server]
            assert one.link.nonces.count() == 1
    assert counts[0] == counts[1]
    assert len({one.digest for one in OwnerLink.objects.all()}) == 12
    links = {f"link:{number}" for number in OwnerLink.objects.values_list("pk", flat=True)}
    assert set(Act.objects.filter(kind="owner link made").values_list("subject", flat=True)) == links


def test_of_many_links_all_are_made_or_none() -> None:
    server, foreign = rows.server(), rows.server("mail02.contoso.example")
    wrong = msgspec.structs.replace(wanted(server), servers=[foreign.pk])
    with pytest.raises(UsageFault, match="not of this organisation"):
        services.make_links([wanted(server), wrong])
    assert not OwnerLink.objects.exists()


def test_forms_need_their_token() -> None:
    _, path = rows.link(rows.server())
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = rows.inside(path).cookies
    for end in ("show", "say", "report", "evidence"):
        assert strict.post(f"{path}{end}", {"kind": "acknowledged", "server": "1"}).status_code == 403, end
    assert not Answer.objects.exists()


def test_too_many_posts_wait() -> None:
    _, path = rows.link(rows.server())
    client = rows.inside(path)
    found = {say(client, path, Answered.ACKNOWLEDGED) for _ in range(70)}
    assert found == {302, 429}


def test_what_owners_write_is_inert() -> None:
    _, path = rows.link(rows.server())
    client = rows.inside(path)
    hostile = "<script>x</script>{{ 7 }}=cmd|' /C x'!A0"
    assert say(client, path, Answered.HELP, text=hostile) == 302
    page = client.get(path).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    staff = Client()
    staff.force_login(making.person(), backend="django.contrib.auth.backends.ModelBackend")
    assert b"<script>x" not in staff.get("/owners/answers/").content
    listed = b"".join(staff.get("/owners/answers/?export=csv"))
    assert b"\n=" not in listed
    assert b",=" not in listed


def test_staff_see_answers_and_take_them_up(enter: Callable[[User], Client]) -> None:
    server = rows.server()
    made, path = rows.link(server)
    assert (
        say(rows.inside(path), path, Answered.CHANGE_CHANNEL, channel="phone", value="+44 20 7946 0000")
        == 302
    )
    analyst = enter(making.person(Role.ANALYST, name="A. Nalyst"))
    for address in ("/owners/answers/", "/owners/links/", "/hand-ins/", f"/servers/{server.pk}/"):
        assert analyst.get(address).status_code == 200
    page = f"/owners/links/{made.pk}/"
    assert b"Verify it before" in analyst.get(page).content
    row = made.answers.get()
    assert analyst.post(f"/owners/answers/{row.pk}/handled").status_code == 302
    assert b"Taken up by A. Nalyst" in analyst.get(page).content
    assert analyst.post(f"{page}withdraw", {"reason": " "}).status_code == 302
    assert made.stand == "open"
    assert analyst.post(f"{page}withdraw", {"reason": "wrong owner"}).status_code == 302
    made.refresh_from_db()
    assert made.stand == "withdrawn"


def test_a_link_by_hand_shows_its_address_once(enter: Callable[[User], Client]) -> None:
    server = rows.server()
    analyst = enter(making.person(Role.ANALYST))
    address = f"/servers/{server.pk}/owner-link/proxylogon/"
    text = analyst.post(address, {"purpose": "compromise", "days": "7"}).content.decode()
    path = "/o/" + text.partition("/o/")[2].partition("<")[0]
    assert rows.inside(path).get(path).status_code == 200
    assert "/o/" not in analyst.get(address).content.decode()


def test_advice_fits_what_was_seen() -> None:
    quiet, path = rows.link(rows.server())
    assert "remediate-install-update" in rows.inside(path).get(path).content.decode()
    assert quiet.purpose == "notice"
    shell = rows.server(compromise=Compromise.SUSPECTED, shell_seen=making.DAY.date())
    _, other = rows.link(shell)
    steps = rows.inside(other).get(other).content.decode()
    assert (
        steps.index("preserve-logs-and-files")
        < steps.index("evict-web-shells")
        < steps.index("report-incident")
    )
