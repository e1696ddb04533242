"""Saved views: whose they are, who sees them, what of an address they keep, and where saving leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from tests.hub import making

from tocsin.hub.accounts.models import SavedView, User
from tocsin.hub.listing import saved
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
PAGE = "/campaigns/proxylogon/servers/"
Enter = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _campaign() -> None:
    making.standing(making.server())


def kept(client: Client, **rest: Any) -> Any:
    form = {"name": "Open", "page": "standings", "query": "?exposure=vulnerable", "back": PAGE, **rest}
    return client.post("/views/save/", form)


def names(client: Client, page: str = PAGE) -> set[str]:
    answer = client.get(page)
    return {view.name for view in answer.context["views"]}


def test_a_view_keeps_filters_and_order_and_no_place(enter: Enter) -> None:
    client = enter(making.person(Role.VIEWER))
    query = "?exposure=vulnerable&sort=last_seen&at=abc&export=csv&csrfmiddlewaretoken=x"
    answer = kept(client, query=query)
    assert answer.headers["Location"] == PAGE
    assert SavedView.objects.get().query == "exposure=vulnerable&sort=last_seen"
    assert b"?exposure=vulnerable&amp;sort=last_seen" in client.get(PAGE).content
    assert names(client, "/servers/") == set(), "of its own list alone"


def test_the_same_name_is_replaced_also_when_the_shelf_is_full(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST", 2)
    who = making.person(Role.VIEWER)
    client = enter(who)
    for name in ("One", "Two", "Two"):
        assert kept(client, name=name, query=f"?country={name}").status_code == 302
    assert kept(client, name="Three").status_code == 403
    assert sorted(SavedView.objects.values_list("name", "query")) == [
        ("One", "country=One"),
        ("Two", "country=Two"),
    ]
    with pytest.raises(PermissionDenied, match="delete one first"):
        saved.save(who, page="servers", name="Two", query="", shared=False)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_change_the_hub_may_share(enter: Enter, role: Role) -> None:
    kept(enter(making.person(role)), shared="on")
    assert SavedView.objects.get().shared == (role in {Role.ANALYST, Role.ADMINISTRATOR})


def test_who_sees_and_deletes_what(enter: Enter) -> None:
    own = making.organisation()
    people = {
        "analyst": making.person(Role.ANALYST),
        "viewer": making.person(Role.VIEWER),
        "member": making.member(own),
        "administrator": making.person(Role.ADMINISTRATOR),
    }
    doors = {name: enter(who) for name, who in people.items()}
    kept(doors["analyst"], name="For all", shared="on")
    kept(doors["analyst"], name="Mine")
    kept(doors["member"], name="Ours")
    assert {name: names(door) for name, door in doors.items()} == {
        "analyst": {"For all", "Mine"},
        "viewer": {"For all"},
        "member": {"Ours"},
        "administrator": {"For all"},
    }
    numbers = dict(SavedView.objects.values_list("name", "pk"))
    for who, name, stays in (
        ("viewer", "For all", True),
        ("member", "Mine", True),
        ("administrator", "Ours", True),
        ("administrator", "For all", False),
        ("analyst", "Mine", False),
    ):
        doors[who].post(f"/views/{numbers[name]}/delete/", {"back": PAGE})
        assert SavedView.objects.filter(name=name).exists() == stays, (who, name)


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", "no address"]
)
def test_saving_leads_nowhere_else(enter: Enter, back: str) -> None:
    client = enter(making.person(Role.VIEWER))
    assert kept(client, back=back).headers["Location"] == "/"
    number = SavedView.objects.get().pk
    assert client.post(f"/views/{number}/delete/", {"back": back}).headers["Location"] == "/"


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_view_needs_a_name(enter: Enter, name: str) -> None:
    assert kept(enter(making.person(Role.VIEWER)), name=name).status_code == 400
    assert not SavedView.objects.exists()


def test_a_query_that_grows_beyond_what_is_kept_is_refused(enter: Enter) -> None:
    assert kept(enter(making.person(Role.VIEWER)), query="?q=" + "é" * 900).status_code == 400
    assert not SavedView.objects.exists()
