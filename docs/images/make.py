"""Make the pictures of the README from the sample assessment: ``python docs/images/make.py``.

``terminal.svg`` needs nothing but rich; ``report.png`` needs a Chromium (``CHROMIUM`` names it) and is left
as it is where there is none.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.report.samples import compromised  # noqa: E402 - found through the path above

from tocsin.report.html import render  # noqa: E402 - as above
from tocsin.report.terminal import show  # noqa: E402 - as above

WIDTH, HEIGHT = 1280, 1560
FLAGS = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
INK, RED, GREEN, BROWN = (27, 31, 35), (163, 22, 28), (23, 99, 58), (143, 61, 0)
BLUE, VIOLET, STEEL, GREY = (11, 79, 156), (74, 70, 148), (95, 127, 158), (89, 98, 107)
COLOURS = [RED, GREEN, BROWN, BLUE, VIOLET, STEEL]
THEME = TerminalTheme((255, 255, 255), INK, [INK, *COLOURS, GREY], [GREY, *COLOURS, INK])


def terminal() -> None:
    """Draw the answer as a terminal of 100 columns shows it."""
    console = Console(
        record=True, width=100, force_terminal=True, color_system="truecolor", file=io.StringIO()
    )
    show(compromised(), console)
    drawing = console.export_svg(title="tocsin assess mail01-triage.zip", theme=THEME, unique_id="tocsin")
    # rich names web fonts; a picture that asks the network for nothing keeps the local ones
    start, end = drawing.index("@font-face"), drawing.rindex("@font-face")
    end = drawing.index("}", end) + 1
    drawing = drawing[:start] + drawing[end:]
    drawing = "\n".join(line for line in drawing.splitlines() if "textualize" not in line)
    lines = (line.rstrip() for line in drawing.splitlines())
    (HERE / "terminal.svg").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


def report() -> None:
    """Photograph the head of the page."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        sys.stderr.write("no Chromium: report.png stays as it is\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        page.write_text(render(compromised()), "utf-8")
        flags = [*FLAGS, f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}"]
        flags += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        picture = HERE / "report.png"
        command = [browser, *flags, f"--screenshot={picture}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - our own page


if __name__ == "__main__":
    terminal()
    report()
