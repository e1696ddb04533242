"""The owner's page in Chromium, without an account, with and without script: from the door to a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.hub import making
from tests.hub.browser.conftest import complaints_of, faults
from tests.hub.owners import rows

from tocsin.hub.owners.models import Answer, HandIn

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "dark", "script"), [(1280, False, True), (390, True, False)])
def test_from_the_door_to_a_report(
    window: Callable[..., Page], tmp_path: Path, *, width: int, dark: bool, script: bool
) -> None:
    _, path = rows.link(rows.server(compromise="suspected", shell_seen=making.DAY.date()))
    report = tmp_path / "assessment.json"
    report.write_bytes(rows.as_file(rows.report()))
    page = window(width=width, dark=dark, script=script)
    said = complaints_of(page)
    page.goto(path)
    if script:
        assert faults(page) + said == []
    page.get_by_role("button", name="Show me").click()
    page.get_by_role("heading", name="What we saw", exact=True).wait_for()
    if script:
        assert faults(page) + said == []
    page.get_by_label("We need help").check()
    page.get_by_label("In your words").fill("please call us")
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("an analyst reads it").wait_for()
    page.get_by_label("assessment.json", exact=True).set_input_files(report)
    page.get_by_role("button", name="Send the report").click()
    page.get_by_text("Taken in.").wait_for()
    assert Answer.objects.get().text == "please call us"
    assert HandIn.objects.get().compromise == "confirmed"
