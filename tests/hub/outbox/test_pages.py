"""Pages of the outbox: what is sent is shown as text; people call, print, settle and hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from tests.hub import making as people
from tests.hub.outbox import making

from tocsin.hub.accounts.models import Act, User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.constituency.models import Contact
from tocsin.hub.outbox import by_hand
from tocsin.hub.outbox.models import Enclosure, Hold, Message
from tocsin.hub.outbox.telling import tell
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Bounce, Channel, Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_settings")]
Enter = Callable[[User], Client]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def analyst(visitor: Callable[..., Client]) -> Client:
    """An analyst, logged in."""
    return visitor(Role.ANALYST)


def test_a_message_is_shown_as_text_and_its_reading_recorded(enter: Enter) -> None:
    who = people.person(Role.VIEWER)
    row = making.message(subject=SCRIPT, text=f"{SCRIPT}\n", attachments=(making.attachment("a.html"),))
    page = enter(who).get(f"/outbox/{row.pk}/").content.decode()
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert row.message_id.strip("<>") in page
    assert who.readings.count() == 1


SECRET = "s" * 43 + "." + "t" * 22
LINKED = f"Look:\n\nhttp://127.0.0.1:8000/o/{SECRET}/\n\nhttp://127.0.0.1:8000/contact/ https://contoso.example/{SECRET}\n"
LEAVE = {"List-Unsubscribe": f"<http://127.0.0.1:8000/advisories/subscription/{SECRET}/end>"}
BARE = "http://127.0.0.1:8000/o/…/\n\nhttp://127.0.0.1:8000/contact/"


def test_nobody_who_looks_at_a_message_can_act_as_its_receiver(enter: Enter) -> None:
    """A viewer, or a token that only reads, would otherwise hold the owner's link."""
    who = people.person(Role.VIEWER)
    row = making.message(text=LINKED, headers=LEAVE)
    page = enter(who).get(f"/outbox/{row.pk}/").content.decode()
    key = make_token(who, "x", [Scope.OUTBOX_READ], days=1, by=who)[1]
    told = Client().get(f"/api/outbox/messages/{row.pk}", headers={"Authorization": f"Bearer {key}"}).json()
    assert BARE in page
    assert BARE in told["text"]
    assert f"contoso.example/{SECRET}" in told["text"]  # nothing of ours
    assert told["headers"] == {"List-Unsubscribe": "<http://127.0.0.1:8000/advisories/subscription/…/end>"}
    assert f"8000/o/{SECRET}" not in page
    assert f"subscription/{SECRET}" not in page


@pytest.mark.parametrize(("state", "kept"), [(State.SENT, 1), (State.CANCELLED, 1), (State.IN_DOUBT, 3)])
def test_what_opens_a_page_is_forgotten_once_a_message_has_ended(state: State, kept: int) -> None:
    row = making.message(text=LINKED, headers=LEAVE, state=state)
    assert tell()
    row.refresh_from_db()
    assert f"{row.text}{row.headers}".count(SECRET) == kept


def test_only_who_writes_prints_letters_for_they_carry_links(enter: Enter) -> None:
    making.message(channel=Channel.LETTER, address="1 Example Street\n12345 Town", text=LINKED)
    analyst, viewer = enter(people.person(Role.ANALYST)), enter(people.person(Role.VIEWER))
    assert SECRET in analyst.get("/outbox/letters/print/").content.decode()
    assert viewer.get("/outbox/letters/print/").status_code == 403
    assert "letters/print/" not in viewer.get("/outbox/letters/").content.decode()


def test_an_attachment_is_a_download_and_nothing_else(analyst: Client) -> None:
    making.message(attachments=(making.attachment("größe.html", SCRIPT.encode()),))
    answer = analyst.get(f"/outbox/enclosures/{Enclosure.objects.get().pk}/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content) == SCRIPT.encode()  # type: ignore[attr-defined]  # it streams


def test_the_list_filters(analyst: Client) -> None:
    making.message(address="a@contoso.example", state=State.REFUSED)
    making.message(address="b@contoso.example")
    page = analyst.get("/outbox/?state=refused").content.decode()
    assert "a@contoso.example" in page
    assert "b@contoso.example" not in page
    assert analyst.get("/outbox/?export=csv").status_code == 200


def test_what_is_in_doubt_is_settled_on_its_page(analyst: Client) -> None:
    sent, lost = (making.message(state=State.IN_DOUBT) for _ in range(2))
    assert lost.message_id.strip("<>") in analyst.get("/outbox/in-doubt/").content.decode()
    analyst.post(f"/outbox/{sent.pk}/settle/", {"sent": "yes"})
    analyst.post(f"/outbox/{lost.pk}/settle/", {"sent": "no"})
    analyst.post(f"/outbox/{lost.pk}/settle/", {"sent": "perhaps"})
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {sent.pk: State.SENT, lost.pk: State.QUEUED}
    again = analyst.post(f"/outbox/{sent.pk}/settle/", {"sent": "no"}, follow=True)
    assert "not in doubt" in again.content.decode()


def phone(**rest: object) -> Message:
    contact = people.contact(people.organisation(), "+44 20 7946 0000", channel=Channel.PHONE)
    return making.message(channel=Channel.PHONE, address=contact.value, contact=contact.pk, **rest)


@pytest.mark.parametrize(
    ("outcome", "state", "bounce"),
    [
        ("reached", State.CALLED, Bounce.NONE),
        ("no-answer", State.QUEUED, Bounce.NONE),
        ("wrong-number", State.BOUNCED, Bounce.HARD),
    ],
)
def test_calls_are_made_from_a_list(analyst: Client, outcome: str, state: State, bounce: Bounce) -> None:
    row = phone(text="Say this.")
    assert "Say this." in analyst.get("/outbox/calls/").content.decode()
    analyst.post(f"/outbox/{row.pk}/called/", {"outcome": outcome, "note": "by the desk"})
    row.refresh_from_db()
    assert (row.state, row.fault, Contact.objects.get().bounce) == (state, "by the desk", bounce)
    assert "Say this." not in analyst.get("/outbox/calls/").content.decode()
    assert Act.objects.get(kind="call made").detail["outcome"] == outcome
    if state == State.QUEUED:
        assert row.began is not None
        assert row.not_before == row.began + by_hand.AGAIN
    else:
        assert "recorded this call already" in repeated(analyst, row)


def repeated(client: Client, row: Message) -> str:
    answer = client.post(f"/outbox/{row.pk}/called/", {"outcome": "reached"}, follow=True)
    return answer.content.decode()


def test_a_call_needs_an_outcome(analyst: Client) -> None:
    row = phone()
    analyst.post(f"/outbox/{row.pk}/called/", {"outcome": "perhaps"})
    analyst.post(f"/outbox/{row.pk}/called/", {})
    row.refresh_from_db()
    assert (row.state, row.tries) == (State.QUEUED, 0)


def test_letters_are_printed_posted_and_come_back(analyst: Client) -> None:
    address = "Contoso Ltd\n1 Example Street\nLondon"
    contact = people.contact(people.organisation(), address, channel=Channel.LETTER)
    row = making.message(
        channel=Channel.LETTER, address=address, contact=contact.pk, text=f"{SCRIPT}\n\nTwo."
    )
    later = making.message(
        channel=Channel.LETTER, address=address, not_before=making.NOW + timedelta(days=36_500)
    )
    page = analyst.get("/outbox/letters/print/").content.decode()
    assert "Contoso Ltd<br>1 Example Street" in page
    assert SCRIPT not in page
    assert page.count('class="letter"') == 1
    analyst.get("/outbox/letters/")
    analyst.post("/outbox/letters/printed/", {"chosen": [row.pk]})
    row.refresh_from_db()
    assert row.state == State.PRINTED
    analyst.post(f"/outbox/{row.pk}/came-back/", {"note": "moved away"})
    row.refresh_from_db()
    assert (row.state, row.fault, Contact.objects.get().bounce) == (State.BOUNCED, "moved away", Bounce.HARD)
    later.refresh_from_db()
    assert later.state == State.QUEUED
    assert analyst.post("/outbox/letters/printed/", {"chosen": ["x"]}).status_code == 400


def test_an_e_mail_is_no_letter(analyst: Client) -> None:
    row = making.message()
    analyst.post("/outbox/letters/printed/", {"chosen": [row.pk]})
    analyst.post(f"/outbox/{row.pk}/called/", {"outcome": "reached"})
    analyst.post(f"/outbox/{row.pk}/came-back/", {})
    row.refresh_from_db()
    assert row.state == State.QUEUED


def test_letters_as_pdf(analyst: Client) -> None:
    making.message(channel=Channel.LETTER, address="Contoso Ltd\nLondon")
    answer = analyst.get("/outbox/letters.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_everything_is_held_with_a_reason(analyst: Client, visitor: Callable[..., Client]) -> None:
    analyst.post("/outbox/hold/", {"held": "yes", "reason": " "})
    assert not Hold.objects.exists()
    analyst.post("/outbox/hold/", {"held": "yes", "reason": "wrong template"})
    assert "wrong template" in analyst.get("/outbox/").content.decode()
    assert visitor(Role.VIEWER).post("/outbox/hold/", {"held": "no"}).status_code == 403
    assert Hold.objects.latest("pk").held
    analyst.post("/outbox/hold/", {"held": "no"})
    assert not Hold.objects.latest("pk").held
    assert Act.objects.filter(kind__in=["outbox held", "outbox let go"]).count() == 2


def test_many_are_held_let_go_and_cancelled(analyst: Client) -> None:
    rows = [making.message() for _ in range(3)]
    chosen = {"which": "chosen", "chosen": [row.pk for row in rows[:2]]}
    asked = analyst.post("/outbox/change/", {**chosen, "action": "hold"})
    assert "Hold 2 messages" in asked.content.decode()
    assert set(states()) == {State.QUEUED}
    for action, becomes in (("hold", State.HELD), ("let-go", State.QUEUED), ("cancel", State.CANCELLED)):
        analyst.post("/outbox/change/", {**chosen, "action": action, "confirmed": "2"})
        assert states() == [becomes, becomes, State.QUEUED]
    analyst.post(
        "/outbox/change/", {"which": "all", "query": "?state=queued", "action": "cancel", "confirmed": "1"}
    )
    assert set(states()) == {State.CANCELLED}
    wrong = analyst.post("/outbox/change/", {"which": "all", "query": "?organisation=x", "action": "cancel"})
    assert wrong.status_code == 400


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def test_programs_of_the_staff_read_messages_and_those_of_members_none() -> None:
    row = making.message(attachments=(making.attachment(),))
    making.message(state=State.SENT)
    staff, owner = people.person(Role.VIEWER), people.member(people.organisation())
    for who, seen in ((staff, 2), (owner, 0)):
        key = make_token(who, "x", [str(Scope.OUTBOX_READ)], days=1, by=who)[1]
        client = Client(headers={"Authorization": f"Bearer {key}"})
        assert len(client.get("/api/outbox/messages").json()["items"]) == seen
        assert client.get(f"/api/outbox/messages/{row.pk}").status_code == (200 if seen else 404)
    key = make_token(staff, "x", [str(Scope.OUTBOX_READ)], days=1, by=staff)[1]
    client = Client(headers={"Authorization": f"Bearer {key}"})
    [one] = client.get("/api/outbox/messages?state=queued&channel=email").json()["items"]
    assert (one["id"], one["state"], one["message_id"]) == (row.pk, "queued", row.message_id)
    assert client.get(f"/api/outbox/messages/{row.pk}").json()["attachments"] == ["report.json"]
    assert client.get("/api/outbox/messages?state=lost").status_code == 422
