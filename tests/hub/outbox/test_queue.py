"""Queued once whatever happens, cancelled while it waits, settled by people alone."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from tests.hub import making as people
from tests.hub.outbox import making

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act
from tocsin.hub.outbox import services
from tocsin.hub.outbox.models import Enclosure, Message
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.words import Channel, Role

pytestmark = pytest.mark.django_db


def test_numbers_come_in_the_order_of_the_drafts() -> None:
    drafts = [making.draft(key=f"key {number}") for number in range(1_200)]
    numbers = services.queue(drafts)
    keys = dict(Message.objects.values_list("pk", "key"))
    assert [keys[number] for number in numbers] == [draft.key for draft in drafts]


def test_a_key_is_queued_once() -> None:
    first = making.draft(key="same", subject="first", attachments=(making.attachment(),))
    again = making.draft(key="same", subject="second", attachments=(making.attachment(),))
    numbers = services.queue([first, again, making.draft(key="other")]) + services.queue([again])
    assert numbers[0] == numbers[1] == numbers[3] != numbers[2]
    assert Message.objects.get(pk=numbers[0]).subject == "first"
    assert Enclosure.objects.count() == 1


def test_a_postal_address_has_lines() -> None:
    row = making.message(channel=Channel.LETTER, address="Contoso Ltd\r\nLondon")
    assert row.address == "Contoso Ltd\nLondon"


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "x\r\nBcc: everybody@contoso.example"},
        {"subject": "x" * 501},
        {"text": "a\x00b"},
        {"address": "nobody"},
        {"address": "a@contoso.example\nBcc: b@contoso.example"},
        {"reply_to": "a b@contoso.example"},
        {"headers": {"Bcc": "everybody@contoso.example"}},
        {"headers": {"List-Unsubscribe": "<https://hub.example>\r\nBcc: x@contoso.example"}},
        {"list_id": "notices>\n"},
        {"urgency": 10},
        {"language": "english please"},
        {"key": ""},
        {"attachments": (making.attachment("../../etc/passwd"),)},
        {"attachments": (making.attachment("a.json", bytes(5_000_001)),)},
        {"channel": Channel.WEBHOOK, "address": "http://contoso.example/hook"},
        {"channel": Channel.PHONE, "address": "call me"},
    ],
    ids="-".join,
)
def test_what_breaks_out_is_refused_and_nothing_is_queued(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageFault):
        services.queue([making.draft(), making.draft(**wrong)])
    assert not Message.objects.exists()


def test_only_what_waits_is_cancelled() -> None:
    rows = {state: making.message(state=state) for state in State}
    assert services.cancel([row.pk for row in rows.values()]) == 2
    assert services.cancel([rows[State.QUEUED].key]) == 0
    now = {row.pk: row.state for row in Message.objects.all()}
    for state, row in rows.items():
        cancelled = state in {State.QUEUED, State.HELD}
        assert now[row.pk] == (State.CANCELLED if cancelled else state)


@pytest.mark.parametrize(("sent", "becomes"), [(True, State.SENT), (False, State.QUEUED)])
def test_a_person_settles_what_is_in_doubt(sent: bool, becomes: State) -> None:
    row, analyst = making.message(state=State.IN_DOUBT), people.person(Role.ANALYST)
    with pytest.raises(PermissionDenied):
        services.settle(row, sent=sent, by=people.person(Role.VIEWER))
    services.settle(row, sent=sent, by=analyst)
    assert row.state == becomes
    assert Act.objects.get(kind="message settled").by == analyst
    with pytest.raises(UsageFault):
        services.settle(row, sent=sent, by=analyst)
