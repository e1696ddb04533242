"""Every page, as every role, in Chromium: accessible, silent, no wider than the window, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page
from tests.hub import making
from tests.hub.browser.conftest import complaints_of, faults
from tests.hub.browser.story import tell
from tests.hub.site.test_every_address import ANSWERS, STRANGER, fill

from tocsin.hub.rules.words import Role

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROLES = ["administrator", "analyst", "viewer", "member"]
NOT_PAGES = (
    ".asc",
    ".atom",
    ".csv",
    ".json",
    ".pdf",
    ".txt",
    ".zip",
    "/enclosures/1/",
    "/fetch",
    "/file",
    "/xarf/",
    "/logout/",
    "/webauthn/login/",
)


def pages_of(who: str) -> list[str]:
    column = [STRANGER, "member", "viewer", "analyst", "administrator"].index(who)
    return [path for path, row in ANSWERS.items() if row[column] == 200 and not path.endswith(NOT_PAGES)]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
@pytest.mark.parametrize("who", [*ROLES, STRANGER])
def test_every_page(who: str, window: Callable[..., Page], *, width: int, dark: bool) -> None:
    people = {name: making.person(Role(name), pk=number) for number, name in enumerate(ROLES, start=1)}
    fill(people, Client())
    tell()
    page = window(people.get(who), width=width, dark=dark)
    said = complaints_of(page)
    found = {}
    for path in pages_of(who):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        found[path] = faults(page) + said
        said.clear()
    assert "\n".join(f"{path} {line}" for path, wrong in found.items() for line in wrong) == ""
