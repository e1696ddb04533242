"""Asking for help must be quick: nothing heavy is imported before a command needs it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"sigma", "evtx", "yara_x", "lxml", "pefile", "jinja2", "requests", "jsonschema", "duckdb"}
ASK = """
import contextlib, io, sys
from tocsin.cli import app
with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
    app(["--help"])
assert "assess" in out.getvalue()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_help_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert "typer" in loaded
    assert not HEAVY & loaded
