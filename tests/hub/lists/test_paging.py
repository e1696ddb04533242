"""Pages by keyset: nothing twice, nothing lost, both ways, also among equals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import BadRequest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.hub import making

from tocsin.hub.census.models import Server
from tocsin.hub.lists.keyset import page

ORDERS = [("-last_seen", "-id"), ("last_seen", "id"), ("hostname", "id"), ("-hostname", "id"), ("ip", "id")]


class Pages(TestCase):
    @settings(max_examples=40)
    @given(
        seen=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "a", "B", "é", "a.b"])), max_size=13),
        size=st.integers(1, 5),
        order=st.sampled_from(ORDERS),
    )
    def test_pages_give_every_row_once_and_lead_back(
        self, seen: list[tuple[int, str]], size: int, order: tuple[str, ...]
    ) -> None:
        Server.objects.all().delete()
        for number, (day, host) in enumerate(seen):
            last = making.DAY + timedelta(days=day, microseconds=day)
            making.server(f"192.0.2.{number}", hostname=host, last_seen=last)
        wanted = list(Server.objects.order_by(*order))
        forwards, found = [], page(Server.objects.all(), order=order, size=size)
        pages = [found.rows]
        forwards += found.rows
        while found.after:
            found = page(Server.objects.all(), order=order, cursor=found.after, size=size)
            pages.append(found.rows)
            forwards += found.rows
        assert forwards == wanted
        for before in reversed(pages[:-1]):
            found = page(Server.objects.all(), order=order, cursor=found.before, size=size)
            assert list(found.rows) == list(before)
        assert not found.before


@pytest.mark.django_db
@given(cursor=st.text(min_size=1) | st.binary(min_size=1).map(lambda raw: raw.hex()))
@settings(max_examples=200)
def test_made_up_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        page(Server.objects.all(), order=("-last_seen", "-id"), cursor=cursor)


@pytest.mark.django_db
def test_a_cursor_of_another_order_is_refused() -> None:
    for number in range(3):
        making.server(f"192.0.2.{number}")
    found = page(Server.objects.all(), order=("ip", "id"), size=1)
    with pytest.raises(BadRequest):
        page(Server.objects.all(), order=("-last_seen", "-id"), cursor=found.after)
