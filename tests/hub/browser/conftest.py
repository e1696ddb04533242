"""A real Chromium, headless, on pages of a live server; every page is looked at with axe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer
from tests.hub.outbox.conftest import _dkim_key, mail_server, mail_settings  # noqa: F401 - fixtures

from tocsin.hub.accounts.models import User

# Playwright runs a loop in this thread; Django would take its own database calls for asynchronous ones.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Where there is none the test fails: `.ci/run browser` installs it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "no chromium: apt-get install chromium, or run .ci/run browser"
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, *root], timeout=180_000)
        yield browser
        browser.close()


@pytest.fixture
def hub(loopback: None, transactional_db: None) -> Iterator[str]:  # noqa: ARG001 - must stand before the server
    """The hub on a free port of this machine; gives its address: a name, as passkeys need one."""
    server = LiveServer("localhost")
    server.thread.httpd.daemon_threads = False  # stop() waits until every request is answered
    yield server.url
    server.stop()


@pytest.fixture
def window(chromium: Browser, hub: str) -> Iterator[Callable[..., Page]]:
    """Open a window, logged in as somebody or as nobody."""
    opened: list[BrowserContext] = []

    def make(who: User | None = None, *, width: int = 1280, dark: bool = False, script: bool = True) -> Page:
        context = chromium.new_context(
            base_url=hub,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        opened.append(context)
        if who:
            context.add_cookies([_session(who, hub)])
        page = context.new_page()
        page.set_default_timeout(60_000)
        return page

    yield make
    for context in opened:
        context.close()


def _session(who: User, url: str) -> Any:
    User.objects.filter(pk=who.pk).update(grace_until=timezone.now() + timedelta(hours=1))
    client = Client()
    client.force_login(who, backend=BACKEND)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}


def complaints_of(page: Page) -> list[str]:
    """What the console of this page says from now on that is an error or a warning."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def faults(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line each; and a page that is wider than its window."""
    page.evaluate(AXE)
    violations = page.evaluate("async () => (await axe.run()).violations")
    found = [f"{each['id']}: {node['html'][:150]}" for each in violations for node in each["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than its window")
    return found
