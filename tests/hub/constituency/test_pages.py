"""The list of organisations: filters, search, files, saved views, and the same change to many."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import QueryDict, StreamingHttpResponse
from django.test import Client
from tests.hub import making

from tocsin.hub.accounts.models import Act, Reading, User
from tocsin.hub.constituency import bulk
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.rules.words import Bounce, ClaimKind, Provenance, Role

pytestmark = pytest.mark.django_db
PAGE, CHANGE = "/organisations/", "/organisations/change/"
Enter = Callable[[User], Client]


@pytest.fixture
def nation() -> dict[str, Organisation]:
    """Some organisations that differ in what can be filtered."""
    above = making.organisation("Ministry", sector="government-national", country="GB")
    rows = [
        above,
        making.organisation("Contoso Council", sector="government-local", country="GB", parent=above),
        making.organisation("contoso hospital", sector="health", country="IE", region="North"),
        making.organisation("Fabrikam", sector="health", country="GB", provenance=Provenance.RDAP),
    ]
    found = {row.name: row for row in rows}
    making.contact(found["Fabrikam"])
    making.contact(found["Ministry"], bounce=Bounce.HARD)
    making.claim(found["Fabrikam"])
    making.claim(found["contoso hospital"], "hospital.example", ClaimKind.DOMAIN)
    return found


def names(client: Client, asked: str) -> list[str]:
    answer = client.get(f"{PAGE}?{asked}")
    assert answer.status_code == 200
    body = answer.content.decode().partition("<tbody>")[2]
    return re.findall(r'data-label="Name"><a href="/organisations/\d+/">([^<]+)<', body)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["Contoso Council", "contoso hospital", "Fabrikam", "Ministry"]),
        ("sort=-name", ["Ministry", "Fabrikam", "contoso hospital", "Contoso Council"]),
        ("sort=sector", ["Contoso Council", "Ministry", "contoso hospital", "Fabrikam"]),
        ("sector=health", ["contoso hospital", "Fabrikam"]),
        ("country=ie", ["contoso hospital"]),
        ("region=North", ["contoso hospital"]),
        ("provenance=rdap", ["Fabrikam"]),
        ("reached=yes", ["Fabrikam"]),
        ("reached=no", ["Contoso Council", "contoso hospital", "Ministry"]),
        ("reached=no&sector=health", ["contoso hospital"]),
        ("q=CONTOSO", ["Contoso Council", "contoso hospital"]),
        ("q=192.0.2.0/24", ["Fabrikam"]),
        ("q=Hospital.Example", ["contoso hospital"]),
        ("q=hospital", []),
        ("sector=nonsense", []),
    ],
)
@pytest.mark.usefixtures("nation")
def test_filters_and_search(visitor: Callable[..., Client], asked: str, found: list[str]) -> None:
    assert names(visitor(Role.VIEWER), asked) == found


def test_below_a_parent(nation: dict[str, Organisation], enter: Enter) -> None:
    viewer = enter(making.person(Role.VIEWER))
    assert names(viewer, f"parent={nation['Ministry'].pk}") == ["Contoso Council"]
    assert names(enter(making.member(nation["Ministry"])), "") == ["Contoso Council", "Ministry"]
    assert names(enter(making.member(nation["Fabrikam"])), "sector=health") == ["Fabrikam"]


@pytest.mark.usefixtures("nation")
def test_the_file_is_the_filtered_list_and_recorded(enter: Enter) -> None:
    making.organisation("=HYPERLINK(0)", sector="health")
    viewer = making.person(Role.VIEWER)
    answer = enter(viewer).get(f"{PAGE}?sector=health&export=csv")
    assert isinstance(answer, StreamingHttpResponse)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]  # a synchronous stream
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(0)", "contoso hospital", "Fabrikam"]
    assert Reading.objects.get(user=viewer).rows == 3


@pytest.mark.usefixtures("nation")
def test_a_view_of_organisations_is_saved(visitor: Callable[..., Client]) -> None:
    client = visitor(Role.ANALYST)
    form = {"name": "Not reached", "page": "organisations", "query": "?reached=no", "back": PAGE}
    assert client.post("/views/save/", form).headers["Location"] == PAGE
    assert b'href="?reached=no">Not reached' in client.get(PAGE).content


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_many_are_changed_once_it_is_confirmed(
    nation: dict[str, Organisation], visitor: Callable[..., Client]
) -> None:
    client = visitor(Role.ANALYST)
    chosen = [nation[name].pk for name in ("Fabrikam", "contoso hospital")]
    form = {"action": "change", "chosen": chosen, "sector": "energy", "country": "fr"}
    assert "This is about 2 organisations" in text_of(client.post(CHANGE, form))
    assert "Meanwhile the filter" in text_of(client.post(CHANGE, {**form, "confirmed": "3"}))
    assert not Organisation.objects.filter(sector="energy").exists()
    assert client.post(CHANGE, {**form, "confirmed": "2"}).headers["Location"] == PAGE
    changed = Organisation.objects.filter(sector="energy").order_by("pk")
    assert [(row.country, row.region, row.provenance) for row in changed] == [
        ("FR", "North", "manual"),
        ("FR", "", "manual"),
    ]
    assert Act.objects.filter(kind="organisation changed").count() == 2
    assert client.post(CHANGE, {**form, "confirmed": "2"}).status_code == 302
    assert Act.objects.filter(kind="organisation changed").count() == 2, "nothing was left to change"


def test_all_or_none(nation: dict[str, Organisation], visitor: Callable[..., Client]) -> None:
    form = {"action": "change", "which": "all", "query": "?country=GB", "confirmed": "3"}
    client = visitor(Role.ANALYST)
    parent = nation["Contoso Council"].pk
    for rest, words in (
        ({"parent": parent}, "cannot stand above itself"),
        ({"parent": 777}, "not one of the available choices"),
        ({"country": "GBR"}, "Enter a valid value"),
        ({}, "Say what they are to have in common"),
    ):
        assert words in text_of(client.post(CHANGE, {**form, **rest}))
    assert Organisation.objects.filter(parent=parent).count() == 0
    assert not Act.objects.exists()
    assert client.post(CHANGE, {**form, "query": "?sector=nonsense"}).status_code == 400


def test_contacts_of_many_are_verified(
    nation: dict[str, Organisation], visitor: Callable[..., Client]
) -> None:
    making.contact(nation["Fabrikam"], "gone@fabrikam.example", opted_out=making.DAY)
    form = {"action": "verified", "which": "all", "query": ""}
    client = visitor(Role.ANALYST)
    assert "This is about 4 organisations : all that the filter gives" in text_of(
        client.post(CHANGE, form)
    ).replace("organisations:", "organisations :")
    assert not Contact.objects.filter(verified__isnull=False).exists()
    client.post(CHANGE, {**form, "confirmed": "4"})
    assert Contact.objects.get(verified__isnull=False).organisation == nation["Fabrikam"]


def test_too_many_and_none(
    nation: dict[str, Organisation], visitor: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 3)
    client = visitor(Role.ANALYST)
    form = {"action": "change", "which": "all", "sector": "energy", "confirmed": "3"}
    assert "Narrow the filter" in text_of(client.post(CHANGE, form))
    assert "No organisations were chosen" in text_of(client.post(CHANGE, {"action": "change"}))
    assert client.post(CHANGE, {"action": "change", "chosen": ["x"]}).status_code == 400
    assert not Organisation.objects.filter(sector="energy").exists()
    assert len(nation) == 4


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_readers_change_nothing(
    nation: dict[str, Organisation], visitor: Callable[..., Client], role: Role
) -> None:
    client, form = visitor(role), {"action": "change", "which": "all", "confirmed": "4", "sector": "energy"}
    assert b'name="chosen"' not in client.get(PAGE).content
    assert client.post(CHANGE, form).status_code == 403
    for act in (lambda who: bulk.change(who, [1], {"sector": "energy"}), lambda who: bulk.verify(who, [1])):
        with pytest.raises(PermissionDenied):
            act(making.person(role))
    assert bulk.chosen(making.member(nation["Fabrikam"]), QueryDict("which=all")).organisations == [
        nation["Fabrikam"].pk
    ]
