"""Pictures of the hub's pages for the documents: ``python tools/screenshots.py``.

Makes the demonstration nation in a temporary folder, serves it on loopback, and looks at it with Chromium
(``CHROMIUM`` names it). Writes `PICTURES` to ``docs/images/hub-*.png``, each with a palette of its own and
below 150 kB. Those of a case, a message and the owner's page are looks into the story of March 2021
(``tests/hub/browser/test_march_2021.py``), kept by `keep`.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PORT = 8765
URL = f"http://localhost:{PORT}"
WHO, PASSWORD = "viewer@hub.example", "a password for pictures alone"
LARGEST = 150_000
QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-quic",
)
SERVERS = "/campaigns/proxylogon/servers/"

PICTURES: tuple[tuple[str, str, int, bool], ...] = (
    ("dashboard", "/", 1280, False),
    ("servers", f"{SERVERS}?exposure=vulnerable", 1280, False),
    ("servers-phone", f"{SERVERS}?exposure=vulnerable", 390, True),
    ("server", "the first server", 1280, False),
    ("snapshot", "the first snapshot", 1280, False),
    ("organisations", "/organisations/", 1280, True),
)
"""Name, address, width, and whether it is dark."""


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory(prefix="tocsin-pictures-") as folder:
        fill(Path(folder))
        with served(Path(folder)), sync_playwright() as playwright:
            program = os.environ.get("CHROMIUM") or shutil.which("chromium")
            root = ("--no-sandbox",) if os.geteuid() == 0 else ()
            browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, *root])
            for name, address, width, dark in PICTURES:
                keep(name, look(browser, address, width=width, dark=dark))
            browser.close()


def fill(folder: Path) -> None:
    """The demonstration nation, counted, and somebody who may look at it."""
    from tocsin.cli.demonstration import load_demonstration  # noqa: PLC0415 - sets Django up
    from tocsin.hub.site import start  # noqa: PLC0415 - as above

    start.prepare(data=folder, url=URL, hosts="localhost")
    from tocsin.hub.accounts.models import User  # noqa: PLC0415 - as above
    from tocsin.hub.site.chores import all_chores, work_off  # noqa: PLC0415 - as above

    load_demonstration(folder, lambda *_: None)
    work_off(all_chores())
    User.objects.create_user(WHO, PASSWORD, role="viewer", name="Duty desk")


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """The hub on loopback while this lasts."""
    environment = os.environ | {
        "TOCSIN_HUB_DATA": str(folder),
        "TOCSIN_HUB_URL": URL,
        "DJANGO_SETTINGS_MODULE": "tocsin.hub.site.settings",
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-b",
        f"127.0.0.1:{PORT}",
        "--threads",
        "4",
        "--no-control-socket",
    ]
    process = subprocess.Popen([*command, "tocsin.hub.site.wsgi:application"], env=environment)
    try:
        wait()
        yield
    finally:
        process.terminate()
        process.wait()


def wait() -> None:
    """Until it answers, a minute at most."""
    for _ in range(60):
        try:
            urllib.request.urlopen(f"{URL}/account/login/").close()  # noqa: S310 - loopback
        except urllib.error.URLError:
            time.sleep(1)
        else:
            return
    raise SystemExit("the hub does not answer")


def look(browser: Browser, address: str, *, width: int, dark: bool) -> bytes:
    """One page as a picture of at most 1,400 lines."""
    context = browser.new_context(
        base_url=URL, viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto("/account/login/")
    page.fill("input[name=login]", WHO)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{URL}/")
    go(page, address)
    height = min(1_400, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": width, "height": height})
    picture = page.screenshot()
    context.close()
    return picture


def go(page: Page, address: str) -> None:
    """Follow an address, or the first link of a list."""
    lists = {"the first server": f"{SERVERS}?compromise=suspected", "the first snapshot": "/snapshots/"}
    page.goto(lists.get(address, address))
    if address in lists:
        page.locator("tbody a").first.click()
        page.wait_for_load_state()


def keep(name: str, picture: bytes) -> None:
    """Write a picture with as many colours as its size allows."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (128, 64, 32, 16):
        small = io.BytesIO()
        image.quantize(colours).save(small, "PNG", optimize=True)
        if small.tell() < LARGEST:
            break
    (IMAGES / f"hub-{name}.png").write_bytes(small.getvalue())
    print(f"hub-{name}.png: {small.tell():,} bytes, {colours} colours")


if __name__ == "__main__":
    main()
