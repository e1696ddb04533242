"""What the hub's tests share: people of every role, clients that are logged in as them, a live server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import pytest_socket
from django.core.cache import cache
from django.test import Client
from tests.hub import making

from tocsin.hub.accounts.models import User
from tocsin.hub.rules.words import Role

BACKEND = "django.contrib.auth.backends.ModelBackend"
WITH_DATABASE = {"db", "transactional_db", "live_server"}


@pytest.fixture
def person(db: None) -> Callable[..., User]:  # noqa: ARG001 - opens the database
    """Make a person of a role."""
    return making.person


@pytest.fixture
def enter(db: None) -> Callable[[User], Client]:  # noqa: ARG001 - opens the database
    """A client logged in as this person, with a second factor where the role needs one."""

    def open_door(who: User) -> Client:
        client = Client()
        client.force_login(who, backend=BACKEND)
        return client

    return open_door


@pytest.fixture
def visitor(enter: Callable[[User], Client]) -> Callable[..., Client]:
    """A client logged in as a new person of a role."""

    def make(role: Role = Role.ANALYST) -> Client:
        return enter(making.person(role))

    return make


@pytest.fixture
def loopback() -> Iterator[None]:
    """Sockets to this machine, and to no other: for live servers."""
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()
    pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _fresh_limits(request: pytest.FixtureRequest) -> None:
    """Rate limits count anew in each test that has a database."""
    if WITH_DATABASE & set(request.fixturenames) or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        cache.clear()


@pytest.fixture(autouse=True)
def _one_window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rate limits stay in the window in which a test began: else a slow machine steps into the next.

    What a browser does takes minutes of real time, and keeps it.
    """
    if "live_server" not in request.fixturenames:
        began = time.time()
        monkeypatch.setattr("tocsin.hub.accounts.limits.time", SimpleNamespace(time=lambda: began))
