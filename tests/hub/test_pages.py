"""Pages answer, and only to those who may see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tocsin.hub.rules.words import Role


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_first_page(visitor: Callable[..., Client], role: Role) -> None:
    answer = visitor(role).get("/")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_strangers_are_sent_to_log_in(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/login/")
