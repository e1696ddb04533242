"""The public form in Chromium: its worker does the work under the policy; without script it works as well."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.hub.browser.conftest import complaints_of, faults

from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.rules import work_proof

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def fill_in(page: Page) -> None:
    page.goto("/report/")
    page.get_by_label("Organisation", exact=True).fill("Contoso")
    page.get_by_label("How we reach you safely").fill("+44 20 7946 0000")
    page.get_by_label("What you saw").fill("A page that nobody put there.")
    page.get_by_label("Day on which you became aware").fill("2021-03-03")


def test_the_browser_does_the_work(window: Callable[..., Page]) -> None:
    page = window(width=390, dark=True)
    said = complaints_of(page)
    fill_in(page)
    box = page.locator(".trap").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] < 0
    page.get_by_role("button", name="Send the report").click()
    page.get_by_role("heading", name="Your report is safe").wait_for()
    row = IncidentReport.objects.get()
    assert (row.state, row.proof) == ("received", "work")
    assert faults(page) + said == []
    reference, secret = (page.locator("dd code").nth(at).inner_text() for at in (0, 1))
    page.goto("/report/status/")
    page.get_by_label("Reference").fill(reference)
    page.get_by_label("Secret").fill(secret)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("heading", name=f"Your report {row.reference}").wait_for()
    assert faults(page) + said == []


def test_without_script_it_waits_to_be_checked(window: Callable[..., Page]) -> None:
    page = window(script=False)
    fill_in(page)
    page.get_by_role("button", name="Send the report").click()
    page.get_by_role("heading", name="Your report is safe").wait_for()
    assert IncidentReport.objects.get().state == "to-check"


def test_the_worker_finds_what_the_hub_takes(
    window: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the hardest that a flood may ask for, within the patience of a person."""
    monkeypatch.setattr(work_proof, "EASIEST", 20)
    page = window()
    fill_in(page)
    expect(page.locator("[name=proof]")).to_have_value(re.compile(":[0-9]+$"), timeout=120_000)
    assert work_proof.zero_bits(_hashed(page.input_value("[name=proof]"))) >= 20


def _hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
