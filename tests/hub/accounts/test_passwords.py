"""Words that no password is made of, and likeness to the person's own name."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from tests.hub import making

from tocsin.hub.accounts import services
from tocsin.hub.accounts.models import User
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db


def codes(password: str, user: User | None = None) -> set[str | None]:
    try:
        validate_password(password, user)
    except ValidationError as found:
        return {each.code for each in found.error_list}
    return set()


@pytest.mark.parametrize(
    "password", ["Tocsin-Hub-2026!", "tocsintocsintocsin", "Exchange-CERT-1", "127.0.0.1-tocsin"]
)
def test_the_hubs_own_words_make_no_password(password: str) -> None:
    assert "password_of_own_words" in codes(password)


def test_a_long_password_may_hold_such_a_word() -> None:
    assert codes("correct tocsin battery staple") == set()


def test_names_of_person_and_organisation_make_none() -> None:
    user = making.member(making.organisation("Fabrikam Water"), "somebody@fabrikam.example")
    user.name = "Quirinius Example"
    assert "password_of_own_words" in codes("Fabrikam-Water-21", user)
    assert "password_of_own_words" in codes("quirinius-2021", user)
    assert codes("Fabrikam-Water-21") == set(), "of others they may"


def test_likeness_to_the_own_name_is_refused() -> None:
    user = making.person(Role.VIEWER, name="Bartholomaeus Quick")
    assert "password_too_similar" in codes("bartholomaeus quik", user)


def test_an_invitation_knows_the_name_that_was_typed_and_the_organisation(client: Client) -> None:
    contoso = making.organisation("Adatum Hospital Group")
    _, key = services.invite("x@hub.example", Role.MEMBER, by=None, organisation=contoso.pk)
    for sent in ({"password": "Adatum-Hospital-1"}, {"password": "Maximiliana-21", "name": "Maximiliana"}):
        answer = client.post(f"/account/enter/{key}/", sent)
        assert b"names known here" in answer.content
    assert not User.objects.exists()
    assert services.open_invitation(key)
    assert client.post(f"/account/enter/{key}/", {"password": making.PASSWORD}).status_code == 302


@pytest.mark.parametrize("password", ["1q2w3e4r5t6y", "QWERTY123456", "telechargement"])
def test_passwords_that_leaked_are_refused(password: str) -> None:
    assert "password_too_common" in codes(password)
