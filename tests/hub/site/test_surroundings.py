"""What stands around every page: the menu, also where nobody was recognised, and what still waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory
from tests.hub import making

from tocsin.hub.census.models import Snapshot
from tocsin.hub.census.selectors import Unfinished, unfinished
from tocsin.hub.rules.words import Role
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
