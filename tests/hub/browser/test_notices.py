"""The pages of notices with something on them: a batch with messages, one notice, the public page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from tests.hub import making
from tests.hub.browser.conftest import complaints_of, faults
from tests.hub.notices import rows

from tocsin.hub.notices.models import Notice
from tocsin.hub.rules.words import Channel, Compromise, Role

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_pages_of_notices(window: Callable[..., Page], *, width: int, dark: bool) -> None:
    owner = rows.owner()
    rows.verified(owner, "+1 202 555 0100", Channel.PHONE)
    rows.server(owner, compromise=Compromise.SUSPECTED)
    rows.server(making.organisation("Nobody reaches them"), 8)
    analyst = making.person(Role.ANALYST)
    batch, number = rows.planned(analyst), Notice.objects.get().pk
    page = window(analyst, width=width, dark=dark)
    said = complaints_of(page)
    own = f"/notices/batches/{batch.pk}"
    paths = ("/notices/", f"/notices/{number}/", "/notices/gaps/", "/notices/batches/", "/contact/")
    found = {}
    for path in (*paths, f"{own}/", f"{own}/messages/", f"{own}/results/", "/notices/batches/new/"):
        page.goto(path)
        found[path] = faults(page) + said
        said.clear()
    page.goto(f"{own}/")
    page.get_by_role("button", name="Approve, in my name").click()
    page.get_by_text("Approved: messages leave from now on.").wait_for()
    assert "\n".join(f"{path} {line}" for path, wrong in found.items() for line in wrong) == ""
