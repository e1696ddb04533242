"""Webhooks against a real receiver: signed, in order, at least once, disabled with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.streams.making import event, owned
from tests.hub.streams.receiver import Receiver, receiver

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import close, set_role
from tocsin.hub.rules.streams import MOST_FAILURES, verified
from tocsin.hub.rules.words import Role
from tocsin.hub.streams import delivering, services
from tocsin.hub.streams.models import Attempt, Delivery, Subscription
from tocsin.hub.streams.outward import Answer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]
FAILED = Answer(status=503, fault="the receiver answered 503")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path) as found:
        yield found


def administrator() -> User:
    return making.person(Role.ADMINISTRATOR)


def subscribed(to: str, by: User | None = None, **rest: object) -> tuple[Subscription, str]:
    return services.subscribe(by or administrator(), name="siem", url=to, **rest)  # type: ignore[arg-type]  # varied


def work_off(send: delivering.Send, now: datetime | None = None) -> None:
    while delivering.deliver(now, send):
        pass


def events_in(body: bytes) -> list[int]:
    return [one["id"] for one in json.loads(body)["events"]]


def test_events_arrive_signed_and_in_order(there: Receiver) -> None:
    event("server:1")
    row, secret = subscribed(there.url)
    later = [event("server:1").pk for _ in range(3)]
    work_off(there.send)
    ((path, headers, body),) = there.got
    assert path == "/events?x=1"
    assert events_in(body) == later  # from the subscription on
    at = int(headers["Tocsin-Signature"].split(",")[0].removeprefix("t="))
    number = headers["Tocsin-Delivery"]
    assert json.loads(body)["delivery"] == number
    assert verified(secret, headers["Tocsin-Signature"], delivery=number, body=body, now=at)
    assert not verified(secret, headers["Tocsin-Signature"], delivery=number, body=body + b" ", now=at)
    row.refresh_from_db()
    assert (row.cursor, row.failures) == (later[-1], 0)
    assert Delivery.objects.get().state == Delivery.DELIVERED
    assert not delivering.deliver(send=there.send)


def test_many_events_come_in_several_deliveries(there: Receiver) -> None:
    subscribed(there.url)
    numbers = [event("server:1").pk for _ in range(delivering.BATCH + 5)]
    work_off(there.send)
    assert [number for _, _, body in there.got for number in events_in(body)] == numbers
    assert len(there.got) == 2


def test_a_failure_is_tried_again_under_the_same_number(there: Receiver) -> None:
    row, _ = subscribed(there.url)
    event("server:1")
    there.answer = (500, {})
    now = timezone.now()
    assert delivering.deliver(now, there.send)
    assert not delivering.deliver(now, there.send)  # not yet
    event("server:1")
    there.answer = (200, {})
    work_off(there.send, now + timedelta(minutes=1))
    assert [headers["Tocsin-Delivery"] for _, headers, _ in there.got[:2]] == [
        str(Delivery.objects.order_by("pk")[0].number)
    ] * 2
    assert [number for _, _, body in there.got[1:] for number in events_in(body)] == [1, 2]
    assert [one.status for one in Attempt.objects.order_by("pk")] == [500, 200, 200]
    row.refresh_from_db()
    assert row.failures == 0


def test_killed_between_sending_and_keeping_it_is_sent_again(there: Receiver) -> None:
    subscribed(there.url)
    event("server:1")

    def killed(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        there.send(url, body, headers)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        delivering.deliver(None, killed)
    work_off(there.send)
    assert len({headers["Tocsin-Delivery"] for _, headers, _ in there.got}) == 1
    assert len(there.got) == 2


def test_who_fails_for_long_is_disabled_with_the_reason_and_goes_on_later(there: Receiver) -> None:
    row, _ = subscribed(there.url)
    event("server:1")
    now = timezone.now()
    for _ in range(MOST_FAILURES):
        now += timedelta(hours=7)
        assert delivering.deliver(now, lambda *_: FAILED)
    row.refresh_from_db()
    assert not row.active
    assert row.why == f"{MOST_FAILURES} tries in a row failed; the last one: the receiver answered 503"
    assert not delivering.deliver(now + timedelta(days=9), there.send)
    services.enable(row, by=row.user)
    work_off(there.send)
    assert [events_in(body) for _, _, body in there.got] == [[1]]


def test_going_on_from_now_drops_what_waited(there: Receiver) -> None:
    row, _ = subscribed(there.url)
    event("server:1")
    delivering.deliver(None, lambda *_: FAILED)
    services.disable(row, "by me", by=row.user)
    row.refresh_from_db()
    services.enable(row, by=row.user, from_now=True)
    later = event("server:1").pk
    work_off(there.send)
    assert [events_in(body) for _, _, body in there.got] == [[later]]


def meanwhile(change: Callable[[], object]) -> delivering.Send:
    """A receiver that is so slow that somebody changes the subscription while the hub waits."""

    def send(*_: object) -> Answer:
        change()
        return Answer(status=204)

    return send


def test_what_a_person_does_while_the_hub_waits_holds() -> None:
    row, _ = subscribed("https://receiver.example/")
    event("server:1")

    def from_now() -> None:
        event("server:1")
        services.enable(Subscription.objects.get(), by=row.user, from_now=True)

    delivering.deliver(None, meanwhile(from_now))
    row.refresh_from_db()
    assert row.cursor == 2
    assert Delivery.objects.get().state == Delivery.DROPPED
    event("server:1")
    delivering.deliver(None, meanwhile(lambda: services.unsubscribe(Subscription.objects.get(), by=row.user)))
    assert not Subscription.objects.exists()
    assert not Attempt.objects.exists()


def test_who_wants_nothing_of_it_keeps_nobody_waiting() -> None:
    idle = subscribed("https://idle.example/", kinds=["decision"])[0]
    busy = subscribed("https://busy.example/")[0]
    for _ in range(2):  # there is always something new, and time for one of them
        event("server:1")
        delivering.deliver(None, lambda *_: Answer(status=204))
    assert Delivery.objects.get().subscription_id == busy.pk
    idle.refresh_from_db()
    assert idle.cursor == 1


def test_everybody_finds_how_to_get_events(enter: Callable[[User], Client]) -> None:
    for role in Role:
        person = making.member(making.organisation()) if role is Role.MEMBER else making.person(role)
        client = enter(person)
        page = client.get("/streams/").content.decode()
        assert page.count("Events for programs") > 2  # in the menu besides title and heading
        assert "/api/streams/live" in page
        may = role in {Role.ADMINISTRATOR, Role.MEMBER}
        assert ("Subscribe</button>" in page) is may
        answer = client.post("/streams/", {"name": "x", "url": "https://a.example/"})
        assert answer.status_code == (200 if may else 403)


def test_a_member_is_sent_events_of_his_own_servers_alone(there: Receiver) -> None:
    own = making.organisation()
    person = making.member(own)
    subscribed(there.url, person)
    _, mine = owned("192.0.2.1", own)
    owned("198.51.100.1", making.organisation("Else"))
    event("organisation:1")
    work_off(there.send)
    assert [events_in(body) for _, _, body in there.got] == [[mine.pk]]
    person.memberships.all().delete()
    event(mine.subject)
    work_off(there.send)
    assert len(there.got) == 1
    assert Subscription.objects.get().cursor == 4  # looked at, and not his


def test_only_what_was_asked_for(there: Receiver) -> None:
    subscribed(there.url, kinds=["compromise"], campaign="proxylogon")
    event("server:1")
    wanted = event("server:1", kind="compromise").pk
    event("server:1", kind="compromise", campaign="other")
    work_off(there.send)
    assert [events_in(body) for _, _, body in there.got] == [[wanted]]


@pytest.mark.parametrize("how", ["closed", "demoted"])
def test_who_may_no_longer_send_out_sends_nothing(there: Receiver, how: str) -> None:
    administrator()  # somebody must stay one
    row, _ = subscribed(there.url)
    event("server:1")
    if how == "closed":
        close(row.user, by=None)
    else:
        set_role(row.user, Role.VIEWER, by=None)
    work_off(there.send)
    row.refresh_from_db()
    assert (row.active, row.why, there.got) == (False, delivering.LOST, [])


def test_a_secret_of_another_hub_disables(there: Receiver) -> None:
    row, _ = subscribed(there.url)
    event("server:1")
    Subscription.objects.update(sealed="gAAAAA")
    work_off(there.send)
    row.refresh_from_db()
    assert (row.why, there.got) == (delivering.FOREIGN, [])


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_who_may_not_subscribe(role: Role) -> None:
    with pytest.raises(PermissionDenied):
        subscribed("https://receiver.example/", making.person(role))


def test_receivers_are_few() -> None:
    by = administrator()
    for _ in range(services.MOST):
        subscribed("https://receiver.example/", by)
    with pytest.raises(UsageFault, match="at most"):
        subscribed("https://receiver.example/", by)


def test_the_pages(there: Receiver, enter: Callable[[User], Client]) -> None:
    client = enter(administrator())
    assert (
        b"https addresses alone"
        in client.post("/streams/", {"name": "x", "url": "http://a.example/"}).content
    )
    page = client.post("/streams/", {"name": "siem", "url": there.url, "kinds": "exposure, compromise"})
    row = Subscription.objects.get()
    secret = services.unseal(row.sealed)
    assert secret.encode() in page.content
    assert secret not in row.sealed
    assert secret.encode() not in client.get("/streams/").content
    assert row.kinds == ["compromise", "exposure"]
    address = f"/streams/{row.pk}/"
    client.post(f"{address}test")
    work_off(there.send)
    assert json.loads(there.got[0][2])["test"] is True
    assert b"204" in client.get(address).content
    client.post(f"{address}disable")
    assert b"Disabled: by" in client.get(address).content
    client.post(f"{address}from-now")
    new = client.post(f"{address}secret")
    row.refresh_from_db()
    assert row.active
    assert services.unseal(row.sealed) != secret
    assert services.unseal(row.sealed).encode() in new.content
    other = enter(making.member(making.organisation()))
    assert other.get(address).status_code == 404
    assert other.post(f"{address}remove").status_code == 404
    client.post(f"{address}remove")
    assert not Subscription.objects.exists()
