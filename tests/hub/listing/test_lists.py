"""What an address asks of a list is what its page shows: filters, search, orders, pages, refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import msgspec
import pytest
from django.test import Client
from tests.hub import making

from tocsin.hub.exposure.lists import STANDINGS
from tocsin.hub.exposure.models import Standing
from tocsin.hub.listing import lists
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.drawing import cell
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
PAGE = "/campaigns/proxylogon/servers/"
FILTERS = {
    "exposure=patched": {"exposure": "patched"},
    "compromise=suspected": {"compromise": "suspected"},
    "sector=energy": {"sector": "energy"},
    "country=gb": {"country": "GB"},
    "shell=yes": {"shell_seen__isnull": False},
    "shell=no": {"shell_seen__isnull": True},
    "contradictory=yes": {"contradictory": True},
    "reopened=yes": {"reopened__gt": 0},
    "since=2021-03-06": {"last_seen__gte": making.DAY + timedelta(days=2, hours=12)},
    "until=2021-03-05": {"last_seen__lt": making.DAY + timedelta(days=2, hours=12)},
    "exposure=patched&country=GB": {"exposure": "patched", "country": "GB"},
}
UNCLEAR = [
    "exposure=nonsense",
    "sector='",
    "shell=maybe",
    "since=yesterday",
    "until=9999-12-31",
    "organisation=many",
    "q=999.1.1.1",
    "q=a%00b",
    "country=" + "G" * 301,
]


@pytest.fixture
def nation() -> None:
    """Thirty servers of which no two columns vary together."""
    owner = making.organisation("Contoso", sector="energy")
    for number in range(30):
        seen = making.DAY + timedelta(days=number % 5)
        server = making.server(f"192.0.2.{number}", owner if number % 2 else None, last_seen=seen)
        making.standing(
            server,
            exposure="patched" if number % 3 else "vulnerable",
            compromise="suspected" if number % 4 == 0 else "unknown",
            sector="energy" if number % 2 else "unknown",
            country="GB" if number % 5 else "IE",
            shell_seen=making.DAY.date() if number % 7 == 0 else None,
            contradictory=number % 6 == 0,
            reopened=int(number % 8 == 0),
        )


def shown(client: Client, asked: str) -> list[int]:
    """The servers on a page, in its order."""
    answer = client.get(f"{PAGE}?{asked}")
    assert answer.status_code == 200, asked
    body = answer.content.decode().partition("<tbody>")[2]
    return [int(number) for number in re.findall(r'<tr>.*?href="/servers/(\d+)/"', body, re.DOTALL)]


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("asked", FILTERS)
def test_a_filter_shows_its_rows_and_no_others(visitor: Callable[..., Client], asked: str) -> None:
    wanted = Standing.objects.filter(**FILTERS[asked]).order_by("-last_seen", "-id")
    found = shown(visitor(Role.VIEWER), asked)
    assert found == list(wanted.values_list("server_id", flat=True))
    assert 0 < len(found) < 30


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("asked", UNCLEAR)
def test_what_is_unclear_shows_no_rows_and_is_never_a_file(
    visitor: Callable[..., Client], asked: str
) -> None:
    client = visitor(Role.VIEWER)
    answer = client.get(f"{PAGE}?{asked}")
    assert answer.status_code == 200
    assert b'role="alert"' in answer.content
    assert b"No rows are shown until this is put right" in answer.content
    assert b"<tbody>" not in answer.content
    assert client.get(f"{PAGE}?{asked}&export=csv").status_code == 400


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("asked", ["sort=build", "size=17", "at=bent", "export=xls", "sort=-host"])
def test_what_is_not_offered_is_refused(visitor: Callable[..., Client], asked: str) -> None:
    assert visitor(Role.VIEWER).get(f"{PAGE}?{asked}").status_code == 400


@pytest.mark.usefixtures("nation")
def test_both_ends_of_an_order(visitor: Callable[..., Client]) -> None:
    client = visitor(Role.VIEWER)
    assert shown(client, "sort=last_seen") == shown(client, "")[::-1]


@pytest.mark.usefixtures("nation")
def test_an_order_without_an_index_for_the_filter_is_not_offered(visitor: Callable[..., Client]) -> None:
    client = visitor(Role.VIEWER)
    plain = client.get("/servers/?sort=address").content.decode()
    assert 'aria-sort="ascending"' in plain
    filtered = client.get("/servers/?sort=address&owned=yes").content.decode()
    assert "Address, rising" not in filtered
    assert "Last seen, falling" in filtered
    assert filtered.count('aria-sort="descending"') == 1


@pytest.mark.usefixtures("nation")
def test_a_search_meets_the_filters(visitor: Callable[..., Client]) -> None:
    client = visitor(Role.VIEWER)
    ips = {f"192.0.2.{number}" for number in (7, 14, 28)}
    for asked in ("q=192.0.2.&shell=yes&exposure=patched", "q=192.0.2.0/24&exposure=patched&shell=yes"):
        rows = Standing.objects.filter(server_id__in=shown(client, asked))
        assert {row.server.ip for row in rows} == ips
    assert shown(client, "q=198.51.100.") == []


@pytest.mark.usefixtures("nation")
def test_a_search_that_finds_too_much_says_so(
    visitor: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "FOUND_AT_MOST", 5)
    client = visitor(Role.VIEWER)
    assert b"type more of it" in client.get(f"{PAGE}?q=192.0.2.").content
    assert len(shown(client, "q=192.0.2.")) == 5
    assert b"type more of it" not in client.get(f"{PAGE}?q=192.0.2.7").content


def test_pages_keep_the_filter_and_lead_through_every_row(visitor: Callable[..., Client]) -> None:
    for number in range(70):
        open_ = "vulnerable" if number % 7 else "patched"
        making.standing(making.server(f"192.0.2.{number}"), exposure=open_)
    client = visitor(Role.VIEWER)
    first = client.get(f"{PAGE}?exposure=vulnerable").content.decode()
    assert "50 of 60 servers" in first
    onwards = re.search(r'rel="next" href="\?([^"]+)"', first)
    assert onwards
    asked = onwards[1].replace("&amp;", "&")
    assert "exposure=vulnerable" in asked
    both = shown(client, "exposure=vulnerable") + shown(client, asked)
    wanted = Standing.objects.filter(exposure="vulnerable").order_by("-last_seen", "-id")
    assert both == list(wanted.values_list("server_id", flat=True))


@pytest.mark.usefixtures("nation")
def test_a_fragment_for_the_page_and_a_page_for_the_rest(visitor: Callable[..., Client]) -> None:
    client = visitor(Role.VIEWER)
    for headers, whole in (
        ({}, True),
        ({"HX-Request": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, True),
    ):
        answer = client.get(PAGE, headers=headers)
        assert (b"<html" in answer.content) == whole
        assert b'id="list"' in answer.content
        assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' onmouseover=alert(1) x='", "{{ user }}"])
def test_strangers_words_are_text(visitor: Callable[..., Client], text: str) -> None:
    owner = making.organisation(text)
    making.standing(making.server(owner=owner, hostname=text))
    page = visitor(Role.VIEWER).get(f"{PAGE}?country={quote(text)}")
    every = visitor(Role.VIEWER).get(PAGE)
    for answer in (page, every):
        assert "<script>alert" not in answer.content.decode()
        assert "' onmouseover" not in answer.content.decode()
    if "{" in text:
        assert text in every.content.decode()


@pytest.mark.parametrize(
    ("noun", "one"),
    [
        ("servers", "server"),
        ("entries", "entry"),
        ("addresses", "address"),
        ("batches", "batch"),
        ("cases", "case"),
    ],
)
def test_a_single_row_is_named_as_one(noun: str, one: str) -> None:
    assert msgspec.structs.replace(STANDINGS, noun=noun).one == one


@pytest.mark.usefixtures("nation")
def test_one_row_is_said_to_be_one(visitor: Callable[..., Client]) -> None:
    assert "1 server." in visitor(Role.VIEWER).get(f"{PAGE}?q=192.0.2.7").content.decode()


def test_long_texts_get_room_and_states_of_other_kinds_no_colour() -> None:
    long = Column(key="x", label="X", value=str)
    assert 'class="long"' in cell(long, "by 2021-04-05 12:00 EDT (2021-04-05 16:00 UTC)")
    assert "class" not in cell(long, "short")
    word = Column(key="x", label="X", value=str, kind="word")
    assert "state-confirmed" not in cell(word, "confirmed")
