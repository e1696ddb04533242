"""What stands around every page: the menu, also where nobody was recognised, and what still waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory
from tests.hub import making

from tocsin.errors import UsageFault
from tocsin.hub.census.models import Snapshot
from tocsin.hub.census.selectors import Unfinished, unfinished
from tocsin.hub.rules.words import Role
from tocsin.hub.site import surroundings as surroundings_of_process
from tocsin.hub.site.context import surroundings

WAITS = b"Censuses are being taken in"


def test_a_request_without_a_visitor_has_a_page() -> None:
    found = surroundings(RequestFactory().get("/"))
    assert found["navigation"] == []
    assert callable(found["unfinished"])
    assert found["unfinished"]() is None


@pytest.mark.django_db
def test_a_wrong_host_is_refused_in_our_look(client: Client) -> None:
    answer = client.get("/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert b"This request made no sense" in answer.content


@pytest.mark.django_db
def test_pages_say_what_still_waits(visitor: Callable[..., Client]) -> None:
    staff, member = visitor(Role.VIEWER), visitor(Role.MEMBER)
    assert unfinished() is None
    assert WAITS not in staff.get("/servers/").content
    for day, state in enumerate((Snapshot.COMPLETE, Snapshot.FAILED, Snapshot.SETTLING, Snapshot.WAITING)):
        making.snapshot(days=day, state=state)
    assert unfinished() == Unfinished(waiting=2, whole=4, until=making.DAY)
    page = staff.get("/servers/").content
    assert WAITS in page
    assert b"2 of 4 still wait" in page
    assert b"as of 2021-03-03" in page
    assert WAITS not in member.get("/servers/").content
    Snapshot.objects.update(state=Snapshot.COMPLETE)
    assert WAITS not in staff.get("/servers/").content


@pytest.mark.parametrize("said", ["", "4", "721", "an hour", "-5", "٣٠"])
def test_an_idle_time_that_is_none_stops_the_hub(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surroundings_of_process.IDLE, said)
    with pytest.raises(UsageFault, match="unused session"):
        surroundings_of_process.idle_minutes()


def test_the_idle_time_is_an_hour_unless_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(surroundings_of_process.IDLE, raising=False)
    assert surroundings_of_process.idle_minutes() == 60
    monkeypatch.setenv(surroundings_of_process.IDLE, "15")
    assert surroundings_of_process.idle_minutes() == 15


@pytest.mark.django_db
def test_borrowed_pages_speak_the_hubs_language(client: Client) -> None:
    page = client.get("/account/login/", headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="en-gb">' in page
    assert "Passwort" not in page
