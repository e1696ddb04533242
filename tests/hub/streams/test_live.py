"""Events pulled and streamed: who gets which, how long, and how many at once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import Client
from tests.hub import making
from tests.hub.streams.making import event, owned

from tocsin.hub.accounts import services as accounts
from tocsin.hub.accounts.models import Token, User
from tocsin.hub.rules.words import Role
from tocsin.hub.streams import live, surroundings
from tocsin.hub.streams.models import Subscription

pytestmark = pytest.mark.django_db


class Time(live.Clock):
    """Time that passes by waiting alone; at some moments something happens."""

    def __init__(self, **at: object) -> None:
        """Name moments as ``_3=what``: three seconds on, it is called."""
        self.passed, self.happens = 0.0, {int(moment.strip("_")): what for moment, what in at.items()}

    def now(self) -> float:
        """Seconds that were waited."""
        return self.passed

    def wait(self, seconds: float) -> None:
        """Pass."""
        self.passed += seconds
        what = self.happens.pop(int(self.passed), None)
        if what:
            what()  # type: ignore[operator]  # as the test gives it


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surroundings.SECONDS, "0")


@pytest.fixture(autouse=True)
def _own_slots(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(live, "SLOTS", live.Slots())
    yield
    assert live.SLOTS.take(-1), "a stream kept its slot"
    assert live.SLOTS.take(-2)


def token_of(person: User, *scopes: str) -> tuple[Token, dict[str, str]]:
    made, key = accounts.make_token(person, "x", list(scopes or ["streams:read"]), days=1, by=person)
    return made, {"HTTP_AUTHORIZATION": f"Bearer {key}"}


def stream_of(person: User, after: int, clock: live.Clock, seconds: float = 50) -> live.Stream:
    assert live.SLOTS.take(person.pk)
    return live.Stream(token_of(person)[0], after, seconds, slots=live.SLOTS, clock=clock)


def numbers_in(pieces: list[bytes]) -> list[int]:
    datas = [line for piece in pieces for line in piece.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: "))["id"] for line in datas]


def test_events_come_as_they_happen_and_the_stream_ends() -> None:
    first = event("server:1")
    clock = Time(_3=lambda: event("server:1"), _7=lambda: event("server:1", kind="compromise"))
    stream = stream_of(making.person(Role.VIEWER), first.pk - 1, clock)
    pieces = list(stream)
    stream.close()
    assert pieces[0] == b"retry: 2000\n\n"
    assert numbers_in(pieces) == [first.pk, first.pk + 1, first.pk + 2]
    assert pieces[-1].startswith(b"id: 3\n: still here") or b"still here" in b"".join(pieces)
    assert clock.passed == 50


def test_a_piece_cannot_begin_another_field() -> None:
    found = event("server:1", after="x\r\n\r\nid: 9\ndata: {}")
    piece = live.piece(found).decode()
    assert [line.partition(":")[0] for line in piece.splitlines() if line] == ["id", "event", "data"]


def test_members_are_streamed_their_own_servers_alone() -> None:
    own = making.organisation()
    _, mine = owned("192.0.2.1", own)
    owned("198.51.100.1", making.organisation("Else"))
    event("organisation:1")
    stream = stream_of(making.member(own), 0, Time())
    assert numbers_in(list(stream)) == [mine.pk]
    stream.close()


@pytest.mark.parametrize("how", ["revoked", "closed", "left"])
def test_who_loses_his_rights_is_given_nothing_more(how: str) -> None:
    own = making.organisation()
    person = making.member(own)
    server, mine = owned("192.0.2.1", own)

    def lose() -> None:
        if how == "revoked":
            accounts.revoke(Token.objects.get(), by=person)
        elif how == "closed":
            accounts.close(person, by=None)
        else:
            accounts.leave(person, own.pk, by=None)
        event(f"server:{server.pk}")

    stream = stream_of(person, mine.pk - 1, Time(_2=lose))
    assert numbers_in(list(stream)) == [mine.pk]
    stream.close()


def test_streams_are_few_and_one_for_each_person() -> None:
    slots = live.Slots(most=2)
    assert slots.take(1)
    assert not slots.take(1)
    assert slots.take(2)
    assert not slots.take(3)
    slots.give_back(1)
    assert slots.take(3)


def test_a_stream_that_nobody_reads_gives_its_slot_back() -> None:
    person = making.person()
    stream_of(person, 0, Time()).close()
    assert live.SLOTS.take(person.pk)
    live.SLOTS.give_back(person.pk)


def test_the_stream_over_http() -> None:
    numbers = [event("server:1").pk for _ in range(3)]
    _, door = token_of(making.person(Role.VIEWER))
    client = Client()
    answer = client.get("/api/streams/live?after=0", HTTP_LAST_EVENT_ID="1", **door)
    assert answer["Content-Type"] == "text/event-stream"
    assert answer["Cache-Control"] == "no-store, private"
    pieces = answer.getvalue().split(b"\n\n")
    assert numbers_in(pieces) == []  # it was open for no time
    person = making.person(Role.VIEWER)
    assert live.SLOTS.take(person.pk)
    assert client.get("/api/streams/live", **token_of(person)[1]).status_code == 429
    live.SLOTS.give_back(person.pk)
    assert numbers == [1, 2, 3]


def test_events_are_pulled_from_a_place_on() -> None:
    numbers = [event("server:1", kind=kind).pk for kind in ("exposure", "compromise", "exposure")]
    _, door = token_of(making.person(Role.VIEWER))
    client = Client()

    def pull(question: str) -> tuple[list[int], int]:
        found = client.get(f"/api/streams/events?{question}", **door).json()
        return [one["id"] for one in found["items"]], found["next"]

    assert pull("after=0") == (numbers, 3)
    assert pull("after=0&limit=2") == (numbers[:2], 2)
    assert pull("after=2") == (numbers[2:], 3)
    assert pull("after=0&kind=compromise") == ([2], 3)
    assert pull("after=0&campaign=other") == ([], 3)
    assert pull("") == ([], 3)  # from now on
    assert pull("after=9223372036854775806") == ([], 2**63 - 2)
    lines = client.get("/api/streams/events?after=0&form=lines", **door)
    assert [json.loads(line)["id"] for line in lines.content.splitlines()] == numbers
    assert lines["Tocsin-Next"] == "3"


def test_waiting_ends_when_there_is_something() -> None:
    person = making.person(Role.VIEWER)
    token, _ = token_of(person)
    clock = Time(_4=lambda: event("server:1"))
    looks: list[int] = []

    def look(user: User) -> bool:
        looks.append(user.pk)
        return live.events_after(user, 0, most=1).events != []

    live.awaited(token, look, 30, clock)
    assert (clock.passed, set(looks)) == (4, {person.pk})
    clock = Time()
    live.awaited(token, lambda _: False, 30, clock)
    assert clock.passed == 30


def test_a_member_pulls_his_own_alone_and_needs_the_scope() -> None:
    own = making.organisation()
    _, mine = owned("192.0.2.1", own)
    owned("198.51.100.1", making.organisation("Else"))
    member = making.member(own)
    client = Client()
    found = client.get("/api/streams/events?after=0", **token_of(member)[1]).json()
    assert [one["id"] for one in found["items"]] == [mine.pk]
    for path in ("events", "live", "subscriptions"):
        assert client.get(f"/api/streams/{path}", **token_of(member, "exposure:read")[1]).status_code == 403
        assert client.get(f"/api/streams/{path}").status_code == 401


def test_programs_subscribe_and_end_it() -> None:
    own = making.organisation()
    member, analyst = making.member(own), making.person(Role.ANALYST)
    _, door = token_of(member, "streams:read", "streams:write")
    client = Client()
    wanted = {"name": "siem", "url": "https://receiver.example/", "kinds": ["compromise"]}

    def post(path: str, body: object, **headers: str) -> int:
        answer = client.post(f"/api/streams/{path}", body, content_type="application/json", **headers)
        return answer.status_code

    made = client.post("/api/streams/subscriptions", wanted, content_type="application/json", **door)
    assert made.status_code == 201
    assert made.json()["secret"].startswith("hook_")
    number = made.json()["id"]
    (shown,) = client.get("/api/streams/subscriptions", **door).json()["items"]
    assert "secret" not in shown
    assert "sealed" not in shown
    assert post("subscriptions", {**wanted, "url": "http://receiver.example/"}, **door) == 400
    _, others = token_of(analyst, "streams:read", "streams:write")
    assert post("subscriptions", wanted, **others) == 403
    assert client.get("/api/streams/subscriptions", **others).json()["items"] == []
    assert post(f"subscriptions/{number}/enable", {}, **others) == 404
    assert client.delete(f"/api/streams/subscriptions/{number}", **others).status_code == 404
    assert post(f"subscriptions/{number}/enable?from_now=true", {}, **door) == 200
    assert client.delete(f"/api/streams/subscriptions/{number}", **door).status_code == 204
    assert not Subscription.objects.exists()
