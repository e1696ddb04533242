"""Advisories by mail: double opt-in, one-click end, no word on who is known, mail once to each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.hub import making as hub
from tests.hub.advisories import making

from tocsin.hub.accounts.models import Act, User
from tocsin.hub.advisories import subscriptions
from tocsin.hub.advisories.models import Subscriber
from tocsin.hub.advisories.retention import KEPT
from tocsin.hub.outbox.models import Message
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
READER = "reader@contoso.example"
FORM = "/advisories/subscribe/"


def link_in(text: str) -> str:
    return re.search(r"http://127\.0\.0\.1:8000(/advisories/subscription/\S+)", text)[1]  # type: ignore[index]


def ask(address: str = READER) -> str:
    return Client().post(FORM, {"address": address}).content.decode()


def test_a_subscription_begins_by_the_button_and_not_by_opening_the_link() -> None:
    ask()
    message = Message.objects.get()
    assert (message.purpose, message.address) == ("subscription", READER)
    link = link_in(message.text)
    for _ in range(2):
        assert Client().get(link).status_code == 200
        assert Subscriber.objects.get().state == Subscriber.WAITING
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403
    assert "will get" in Client().post(link).content.decode()
    assert Subscriber.objects.get().state == Subscriber.CONFIRMED


def test_known_and_unknown_addresses_are_answered_alike() -> None:
    making.subscriber(READER)
    assert _bare(ask(READER)) == _bare(ask("new@contoso.example"))
    assert not Message.objects.filter(address=READER).exists()


def _bare(page: str) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", page)


def test_nobody_is_flooded_by_the_form() -> None:
    for _ in range(5):
        ask()
    assert Message.objects.count() == subscriptions.ASKED_AT_MOST
    assert Client().post(FORM, {"address": "other@contoso.example"}).status_code == 429


def test_old_and_forged_links_are_gone() -> None:
    ask()
    link = link_in(Message.objects.get().text)
    assert Client().post(link.replace("/begin/", "x/begin/")).status_code == 410
    assert Client().get(link.replace("/begin/", "/end/")).status_code == 410
    Subscriber.objects.all().delete()
    assert Client().post(link).status_code == 410


def test_a_link_of_confirmation_ends_after_three_days(monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    link = link_in(Message.objects.get().text)
    monkeypatch.setattr(subscriptions, "OPEN_FOR", timedelta(seconds=-1))
    assert Client().post(link).status_code == 410


def _all_mail() -> list[str]:
    while subscriptions.mail():
        pass
    return sorted(Message.objects.filter(purpose="advisory").values_list("address", flat=True))


@pytest.mark.parametrize(
    ("mark", "expected"), [("clear", 3), ("green", 1), ("amber", 0), ("amber+strict", 0), ("red", 0)]
)
def test_who_gets_mail(mark: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "PIECE", 2)
    for number in range(3):
        making.subscriber(community=number == 1)
    making.subscriber(state=Subscriber.WAITING, confirmed=None)
    making.published(tlp=mark)
    assert len(_all_mail()) == expected
    assert not subscriptions.mail()


def test_each_version_is_mailed_once_though_a_piece_is_done_again() -> None:
    row = making.subscriber()
    advisory = making.published(title=f"Subject <b>\n{'x' * 200}")
    _all_mail()
    advisory.versions.update(mailed=None, mail_after=0)
    assert _all_mail() == [row.address]
    message = Message.objects.get()
    assert message.subject.startswith("[TLP:CLEAR] Subject <b> xxx")
    assert "\n" not in message.subject
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_later_subscribers_do_not_get_old_advisories() -> None:
    advisory = making.published()
    making.subscriber(confirmed=advisory.published + timedelta(seconds=1))
    assert _all_mail() == []


def test_one_post_without_cookie_ends_it_and_forgets_the_address() -> None:
    making.subscriber(READER)
    making.published()
    _all_mail()
    header = Message.objects.get().headers["List-Unsubscribe"]
    link = link_in(header.strip("<>"))
    program = Client(enforce_csrf_checks=True)
    assert program.get(link).status_code == 200
    assert Subscriber.objects.count() == 1
    for _ in range(2):  # the same again is no fault
        assert program.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Subscriber.objects.count() == 0
    assert Message.objects.get().state == "cancelled"


def test_a_complaint_ends_a_subscription_as_its_link_does() -> None:
    other = making.subscriber()
    making.subscriber(READER)
    making.published()
    _all_mail()
    assert not subscriptions.end_unwanted()
    marked = Message.objects.filter(address=READER)
    marked.update(state="sent", complained=timezone.now())
    assert subscriptions.end_unwanted()
    assert [row.pk for row in Subscriber.objects.all()] == [other.pk]
    making.subscriber(READER, confirmed=timezone.now())  # he has changed his mind
    assert not subscriptions.end_unwanted()


def test_only_administrators_see_who_subscribed(enter: Callable[[User], Client]) -> None:
    row = making.subscriber(READER)
    administrator = enter(hub.person(Role.ADMINISTRATOR))
    assert READER in administrator.get("/advisories/subscribers/").content.decode()
    administrator.post(f"/advisories/subscribers/{row.pk}/change", {"change": "community"})
    assert Subscriber.objects.get().community
    administrator.post(f"/advisories/subscribers/{row.pk}/change", {"change": "remove"})
    assert Subscriber.objects.count() == 0
    assert READER not in str(list(Act.objects.values_list("detail", flat=True)))


def test_unconfirmed_addresses_age() -> None:
    cache.clear()
    making.subscriber(state=Subscriber.WAITING, asked=timezone.now() - timedelta(days=8))
    making.subscriber()
    kept = next(each for each in KEPT if each.kind == "subscribers-waiting")
    assert kept.older(timezone.now() - timedelta(days=kept.days or 0)).count() == 1
