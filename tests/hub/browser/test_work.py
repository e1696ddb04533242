"""What people do with lists and servers, in Chromium: with script and without, by keyboard, by passkey."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.hub import making
from tests.hub.browser.conftest import complaints_of, faults
from tests.hub.browser.story import tell

from tocsin.hub.accounts.models import Reading, SavedView, User
from tocsin.hub.census.models import Snapshot
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.rules.words import Exposure, Role

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SERVERS = "/campaigns/proxylogon/servers/"


def many(count: int = 120) -> None:
    for number in range(count):
        server = making.server(f"192.0.2.{number}", hostname=f"mail{number:03}.contoso.example")
        patched = number % 3 == 0
        making.standing(server, exposure=Exposure.PATCHED if patched else Exposure.VULNERABLE)


@pytest.mark.parametrize("script", [True, False])
def test_filter_page_and_go_back(window: Callable[..., Page], *, script: bool) -> None:
    many()
    page = window(making.person(Role.VIEWER), script=script)
    said = complaints_of(page)
    page.goto(SERVERS)
    page.get_by_label("Exposure").select_option("vulnerable")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("50 of 80 servers")).to_be_visible()
    if script:  # without script an address names empty filters too
        assert page.url.endswith(f"{SERVERS}?exposure=vulnerable")
    first = page.locator("tbody tr").first.inner_text()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("30 servers on this page")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    assert page.locator("tbody tr").first.inner_text() == first
    page.get_by_role("link", name="Last seen").click()
    expect(page.locator("th[aria-sort=ascending]")).to_be_visible()
    assert said == []


def test_search_by_keyboard_alone(window: Callable[..., Page]) -> None:
    many()
    page = window(making.person(Role.VIEWER))
    page.goto(SERVERS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("mail11")
    page.keyboard.press("Enter")
    expect(page.get_by_text("10 servers.")).to_be_visible()
    page.get_by_role("searchbox").fill("999.1.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("999.1.")
    expect(page.locator("tbody tr")).to_have_count(0)
    assert faults(page) == []


def test_a_view_is_saved_shared_and_deleted(window: Callable[..., Page]) -> None:
    many(3)
    analyst, colleague = making.person(Role.ANALYST), making.person(Role.VIEWER)
    page = window(analyst)
    page.goto(f"{SERVERS}?exposure=vulnerable")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name", exact=True).fill("Still open")
    page.get_by_label("for all who work here").check()
    page.get_by_role("button", name="Save").click()
    other = window(colleague)
    other.goto(SERVERS)
    other.get_by_text("Saved views").click()
    other.get_by_role("link", name="Still open").click()
    expect(other.get_by_text("2 servers.")).to_be_visible()
    page.get_by_text("Saved views").click()
    page.get_by_role("button", name="Delete the view Still open").click()
    page.wait_for_load_state()
    assert not SavedView.objects.exists()


def test_an_export_is_what_the_filter_gives_and_is_recorded(window: Callable[..., Page]) -> None:
    many(7)
    viewer = making.person(Role.VIEWER)
    page = window(viewer)
    page.goto(f"{SERVERS}?exposure=patched")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert lines[0].startswith("server,ip,organisation,sector,exposure,compromise")
    assert len(lines) == 4
    assert Reading.objects.filter(user=viewer, path__contains="export=csv").get().rows == 3


def test_bulk_decision_says_how_many_and_asks_why(window: Callable[..., Page]) -> None:
    many(9)
    page = window(making.person(Role.ANALYST))
    said = complaints_of(page)
    page.goto(f"{SERVERS}?exposure=vulnerable")
    page.get_by_label("Choose all rows of this page").check()
    expect(page.get_by_text("6 chosen")).to_be_visible()
    page.get_by_label("Choose mail001.contoso.example").uncheck()
    page.get_by_role("button", name="Retired").click()
    expect(page.get_by_text("This is about 5 servers in ProxyLogon")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Decide about 5 servers").click()
    expect(page.get_by_text("This field is required")).to_be_visible()
    assert not Decision.objects.exists()
    page.get_by_label("Why").fill("Scrapped, says the owner by telephone.")
    page.get_by_role("button", name="Decide about 5 servers").click()
    expect(page.get_by_text("Decided about 5 servers")).to_be_visible()
    assert Decision.objects.filter(kind="retired").count() == 5
    assert said == []


def test_all_that_the_filter_gives(window: Callable[..., Page]) -> None:
    many()
    page = window(making.person(Role.ANALYST), script=False)
    page.goto(f"{SERVERS}?exposure=vulnerable")
    page.locator("select[name=which]").select_option("all")
    page.get_by_role("button", name="False positive").click()
    expect(
        page.get_by_text("This is about 80 servers in ProxyLogon: all that the filter gives")
    ).to_be_visible()
    page.get_by_label("Why").fill("A honeypot network.")
    page.get_by_role("button", name="Decide about 80 servers").click()
    expect(page.get_by_text("a false positive needs the day on which it ends")).to_be_visible()


def test_decide_about_one_and_take_it_back(window: Callable[..., Page]) -> None:
    many(1)
    analyst = making.person(Role.ANALYST)
    number = Standing.objects.get().server_id
    page = window(analyst)
    page.goto(f"/servers/{number}/")
    page.get_by_role("link", name="Decide").click()
    page.get_by_label("What").select_option("disconnected")
    page.get_by_label("Why").fill("Unplugged on Friday.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("heading", name="mail000.contoso.example")).to_be_visible()
    page.get_by_text("Take back").first.click()
    page.get_by_label("Why").fill("It was another one.")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("taken back", exact=True)).to_be_visible()
    assert [row.kind for row in Decision.objects.order_by("id")] == ["disconnected", "withdrawn"]


def test_a_viewer_decides_nothing(window: Callable[..., Page]) -> None:
    many(1)
    page = window(making.person(Role.VIEWER))
    page.goto(SERVERS)
    expect(page.get_by_role("button", name="Retired")).to_have_count(0)
    expect(page.locator("input[name=chosen]")).to_have_count(0)


def test_a_census_is_taken_in_and_its_progress_seen(window: Callable[..., Page]) -> None:
    page = window(making.person(Role.ANALYST))
    said = complaints_of(page)
    page.goto("/snapshots/")
    page.get_by_role("link", name="Take a census in").click()
    page.get_by_label("Census file").set_input_files(
        files=[{"name": "what.csv", "mimeType": "text/csv", "buffer": b"nothing,that\nfits,here\n"}]
    )
    page.get_by_role("button", name="Take in").click()
    expect(page.locator(".errorlist, .alert, .invalid-feedback").first).to_be_visible()
    making.snapshot(state="running", size=1_000, consumed=400, filename="a.csv")
    page.goto("/snapshots/")
    page.get_by_role("link", name="a.csv").click()
    expect(page.get_by_role("progressbar")).to_be_visible()

    Snapshot.objects.update(state="complete", consumed=1_000)
    expect(page.get_by_text("complete", exact=True)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert said == []


def test_the_theme_is_kept_and_print_leaves_tools_out(window: Callable[..., Page]) -> None:
    making.organisation(pk=1)
    server = making.server(pk=1)
    making.standing(server)
    tell()
    page = window(making.person(Role.VIEWER))
    page.goto("/servers/1/")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(media="print")
    page.goto(SERVERS)
    expect(page.locator(".list-tools")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()


def test_a_passkey_is_added_and_lets_its_owner_in(window: Callable[..., Page]) -> None:
    who: User = making.person(Role.ANALYST, "keys@hub.example")
    page = window()
    said = complaints_of(page)
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEYS})
    page.goto("/account/login/")
    page.get_by_label(re.compile("mail", re.IGNORECASE)).fill(who.email)
    page.get_by_label(re.compile("password", re.IGNORECASE)).fill(making.PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/")
    page.goto("/account/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.get_by_label(re.compile("password", re.IGNORECASE)).fill(making.PASSWORD)
        page.get_by_role("button").last.click()
    page.get_by_label("Name").fill("Key of the desk")
    passwordless = page.get_by_label(re.compile("passwordless", re.IGNORECASE))
    if passwordless.count():
        passwordless.check()
    page.get_by_role("button", name=re.compile("add", re.IGNORECASE)).click()
    page.wait_for_url(re.compile("recovery-codes|webauthn/$"))
    assert who.authenticator_set.filter(type="webauthn").count() == 1
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/")
    expect(page.get_by_role("link", name=str(who))).to_be_visible()
    assert said == []


PASSKEYS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
