"""Advisories: who reads what by its mark, versions that stay, second look, feeds, inert texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.hub import making as hub
from tests.hub.advisories import making

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.advisories import selectors, services
from tocsin.hub.advisories.models import Advisory, Version
from tocsin.hub.exposure.models import Event
from tocsin.hub.rules.advisory import (
    Content,
    Situation,
    State,
    Step,
    after,
    differences,
    lines,
    one_line,
    table,
    web,
)
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.tlp import Tlp, Way, carried_by, may
from tocsin.hub.rules.words import Role

SCRIPT = "<script>alert(1)</script>"
ATOM = "{http://www.w3.org/2005/Atom}"


@given(st.sampled_from(list(Way)))
def test_red_leaves_in_no_way_but_the_pages_of_staff(way: Way) -> None:
    assert may("red", way) is (way is Way.STAFF)
    assert may("nonsense", way) is False
    assert list(carried_by(way)) == [mark for mark in Tlp if may(mark, way)]


@given(st.lists(st.tuples(st.sampled_from(list(Step)), st.sampled_from([1, 2])), max_size=12))
def test_a_second_look_is_always_somebody_elses(steps: list[tuple[Step, int]]) -> None:
    """Whatever is tried in whatever order, nobody publishes what he wrote last."""
    state, author = State.DRAFT, 1
    for step, actor in steps:
        try:
            state = after(step, Situation(state=state, author=author, actor=actor, second_look=True))
        except UsageFault:
            continue
        if step is Step.EDIT:
            author = actor
        if step is Step.PUBLISH:
            assert actor != author


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=8))
def test_tables_come_back_as_they_were_typed(rows: list[tuple[str, str]]) -> None:
    typed = lines([(one_line(a) or "x", one_line(b)) for a, b in rows])
    assert lines(table(typed, 2, "Rows")) == typed


@pytest.mark.parametrize("text", ["a | b | c", " | b"])
def test_a_line_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageFault, match="Rows"):
        table(text, 2, "Rows")


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://a.example/b?c=d", True),
        ("javascript:alert(1)", False),
        ("https://a b", False),
        ("http://", False),
    ],
)
def test_what_is_a_web_address(url: str, *, good: bool) -> None:
    assert web(url) is good


def test_what_changed_is_told_by_line() -> None:
    before = Content(title="a", summary="b", text="one\ntwo\n")
    now = Content(title="a", summary="b", text="one\nthree\n")
    assert [line for line in differences(before, now) if line[0] in "+-"] == [("-", "two"), ("+", "three")]


@pytest.mark.django_db
def test_a_version_is_never_changed() -> None:
    row = making.published()
    version = row.versions.get()
    version.summary = "something else"
    with pytest.raises(TypeError, match="never changed"):
        version.save()
    with pytest.raises(IntegrityError, match="red_is_not_exported"), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(tlp="red")
    assert Event.objects.get(kind="advisory-published").detail["version"] == 1


@pytest.mark.django_db
def test_the_published_version_stays_while_the_next_is_written() -> None:
    by = hub.person()
    row = making.published(by)
    services.edit(row, making.content(title="Half written"), by=by)
    shown = Client().get(f"/advisories/{row.slug}/").content.decode()
    assert "Mail servers are broken into" in shown
    assert "Half written" not in shown
    with pytest.raises(UsageFault, match="not the draft"):
        services.publish(row, by=by, summary="x", edited=1)
    with pytest.raises(UsageFault, match="somebody else"):
        services.edit(row, making.content(), by=by, edited=1)
    with pytest.raises(UsageFault, match="called back"):
        services.edit(row, making.content(tlp="green"), by=by)
    services.publish(row, by=by, summary="Better words", edited=2)
    history = Client().get(f"/advisories/{row.slug}/history/").content.decode()
    assert "Better words" in history
    services.edit(row, making.content(title="Third, half written"), by=by)
    for path in ("", f"{row.slug}/", f"{row.slug}/history/", "feed.atom"):
        assert "Third, half written" not in Client().get(f"/advisories/{path}").content.decode(), path
    assert "<ins>Title: Half written</ins>" in history
    assert "Mail servers" in Client().get(f"/advisories/{row.slug}/?version=1").content.decode()


@pytest.mark.django_db
def test_a_second_look_on_the_page(enter: Callable[[User], Client]) -> None:
    making.publisher(second_look=True)
    author, other = hub.person(), hub.person()
    row = making.advisory(author)
    for who, path, state in (
        (author, "publish", State.DRAFT),
        (author, "submit", State.REVIEW),
        (author, "publish", State.REVIEW),
        (other, "publish", State.PUBLISHED),
    ):
        enter(who).post(f"/advisories/{row.slug}/{path}", {"summary": "First", "edited": 1})
        row.refresh_from_db()
        assert row.state == state, (who, path)
    assert row.versions.get().by == other


@pytest.mark.django_db
@pytest.mark.parametrize("mark", [word.value for word in Tlp])
def test_a_mark_decides_every_way_out(mark: str, enter: Callable[[User], Client]) -> None:
    analyst, member = hub.person(), hub.member(hub.organisation())
    row = making.published(analyst, tlp=mark)
    address = f"/advisories/{row.slug}/"
    public, members, staff = mark == "clear", mark in {"clear", "green", "amber"}, True
    for client, sees in ((Client(), public), (enter(member), members), (enter(analyst), staff)):
        assert (client.get(address).status_code == 200) is sees
        assert (client.get(f"{address}csaf.json").status_code == 200) is (sees and mark != "red")
    assert (row.slug in Client().get("/advisories/feed.atom").content.decode()) is public
    assert (
        row.number.lower() in Client().get("/.well-known/csaf/white/index.txt").content.decode()
    ) is public
    assert (row.number in _exported(enter(analyst))) is (mark != "red")
    assert _by_api(analyst, row) == (200 if mark != "red" else 404)


def _exported(client: Client) -> str:
    return b"".join(client.get("/advisories/?export=csv").streaming_content).decode()  # type: ignore[arg-type]


def _by_api(person: User, row: Advisory) -> int:
    _, key = make_token(person, "x", [Scope.ADVISORIES_READ], days=1, by=person)
    answer: Any = Client().get(
        f"/api/advisories/{row.slug}/versions", headers={"Authorization": f"Bearer {key}"}
    )
    return int(answer.status_code)


def asked(person: User, path: str) -> Any:
    """What the API answers a person's token."""
    _, key = make_token(person, "x", [Scope.ADVISORIES_READ], days=1, by=person)
    return Client().get(f"/api/advisories{path}", headers={"Authorization": f"Bearer {key}"}).json()


@pytest.mark.django_db
def test_members_are_told_nothing_of_a_draft_by_the_api() -> None:
    by, member = hub.person(), hub.member(hub.organisation())
    row = making.published(by, tlp="amber")
    services.edit(row, making.content(title="Half written", tlp="clear"), by=by)
    for answer in (asked(member, f"/{row.slug}"), asked(member, "")["items"][0]):
        told = [answer[name] for name in ("title", "state", "tlp", "edited")]
        assert told == ["Mail servers are broken into", "published", "amber", 0]
        assert answer["changed"] == answer["published"]
    assert asked(by, f"/{row.slug}")["title"] == "Half written"


@pytest.mark.django_db
def test_a_version_that_was_red_leaves_by_no_answer_though_a_later_one_does() -> None:
    by = hub.person()
    row = making.published(by, tlp="red", summary="For named eyes")
    services.edit(row, making.content(tlp="amber"), by=by)
    services.publish(row, by=by, summary="For more")
    assert [version["number"] for version in asked(by, f"/{row.slug}/versions")] == [2]
    assert asked(by, f"/{row.slug}/csaf")["document"]["tracking"]["version"] == "2"
    events = Event.objects.filter(kind="advisory-published").order_by("pk")
    assert [event.detail["summary"] for event in events] == ["", "For more"]


@pytest.mark.django_db
def test_feeds_are_sound_and_say_what_changed_last() -> None:
    by = hub.person()
    first, second = making.published(by), making.published(by, title="Another & <more>\x0b")
    services.edit(first, making.content(summary="New & <b>words</b>"), by=by)
    services.publish(first, by=by, summary="x")
    atom = ET.fromstring(Client().get("/advisories/feed.atom").content)  # noqa: S314 - our own
    entries = atom.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [first.title, "Another & <more>"]
    assert entries[0].findtext(f"{ATOM}summary") == "New & <b>words</b>"
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert ids == [f"http://127.0.0.1:8000/advisories/{row.slug}/" for row in (first, second)]
    assert entries[0].findtext(f"{ATOM}updated") > str(entries[0].findtext(f"{ATOM}published"))
    answer = Client().get("/advisories/feed.rss")
    assert answer["Content-Type"].startswith("application/rss+xml")
    rss = ET.fromstring(answer.content)  # noqa: S314 - our own
    assert [item.findtext("title") for item in rss.iter("item")] == [first.title, "Another & <more>"]
    assert all(item.findtext("guid") and item.findtext("pubDate") for item in rss.iter("item"))


@pytest.mark.django_db
def test_nothing_written_becomes_html_or_a_formula(enter: Callable[[User], Client]) -> None:
    analyst = hub.person()
    bad = {
        "title": f"=1+1{SCRIPT}",
        "summary": SCRIPT,
        "text": f"{SCRIPT}\n\n[x](javascript:alert(1)) ![y](http://z)",
    }
    row = making.published(analyst, **bad, cves=(("CVE-2021-1234", SCRIPT),), sources=((SCRIPT, ""),))
    for path in ("/advisories/", f"/advisories/{row.slug}/", f"/advisories/{row.slug}/history/"):
        for client in (Client(), enter(analyst)):
            text = client.get(path).content.decode()
            assert SCRIPT not in text
            assert "javascript:" not in text.replace("](javascript:", "")
            assert "<img" not in text
    cells = next(line for line in csv.reader(io.StringIO(_exported(enter(analyst)))) if row.number in line)
    assert f"'=1+1{SCRIPT}" in cells


@pytest.mark.django_db
def test_a_draft_is_filled_in_from_a_campaign_edited_and_previewed(enter: Callable[[User], Client]) -> None:
    making.publisher()
    campaign, client = hub.campaign(), enter(hub.person())
    answer = client.post("/advisories/new/", {"campaign": campaign.pk, "title": ""})
    row = Advisory.objects.get()
    assert answer["Location"] == f"/advisories/{row.slug}/edit/"
    assert len(row.content.products) > 20
    form = client.get(answer["Location"]).context["form"]
    typed = {name: form.initial[name] for name in form.fields}
    preview = client.post(
        answer["Location"], typed | {"title": "Seen before", "text": "**bold**", "preview": "yes"}
    )
    assert "<strong>bold</strong>" in preview.content.decode()
    row.refresh_from_db()
    assert row.edited == 1
    before = row.content
    client.post(answer["Location"], typed | {"title": "Saved"})
    row.refresh_from_db()
    assert row.title == "Saved"
    assert row.content.products == before.products
    assert client.post(answer["Location"], typed | {"title": "Too late"}).status_code == 200
    assert selectors.visible_to(hub.member(hub.organisation())).count() == 0


@pytest.mark.django_db
def test_viewers_and_members_write_nothing() -> None:
    making.publisher()
    for somebody in (hub.person(Role.VIEWER), hub.member(hub.organisation())):
        with pytest.raises(PermissionDenied):
            services.create(making.content(), by=somebody)
