"""What the hub's tests share: people of every role, and clients that are logged in as them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tocsin.hub.accounts.models import User
from tocsin.hub.rules.words import Role

PASSWORD = "correct horse battery staple"  # noqa: S105 - of people in tests


@pytest.fixture
def person(db: None) -> Callable[..., User]:  # noqa: ARG001 - opens the database
    """Make a person of a role."""

    def make(role: Role = Role.ANALYST, email: str = "") -> User:
        return User.objects.create_user(email or f"{role.value}@hub.example", PASSWORD, role=role)

    return make


@pytest.fixture
def visitor(person: Callable[..., User]) -> Callable[..., Client]:
    """A client logged in as a person of a role."""

    def make(role: Role = Role.ANALYST) -> Client:
        client = Client()
        client.force_login(person(role), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make
