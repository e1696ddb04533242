"""`tocsin serve` and its surroundings: the environment holds where no option says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tocsin.cli import app
from tocsin.hub.site import start


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What `start.prepare` is told; nothing is served."""
    told: dict[str, object] = {}
    monkeypatch.setattr(start, "prepare", lambda **given: told.update(given))
    monkeypatch.setattr(start, "serve", lambda **given: told.update(given))
    for name in ("TOCSIN_HUB_DATA", "TOCSIN_HUB_URL", "TOCSIN_HUB_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    return told


def serve(*arguments: str) -> None:
    done = CliRunner().invoke(app, ["serve", *arguments])
    assert done.exit_code == 0, done.output


def test_the_environment_holds(prepared: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("DATA", "/srv/hub"),
        ("URL", "https://hub.example"),
        ("HOSTS", "a.example, b.example"),
    ):
        monkeypatch.setitem(os.environ, f"TOCSIN_HUB_{name}", value)
    serve()
    assert (prepared["data"], prepared["url"]) == (Path("/srv/hub"), "https://hub.example")
    assert prepared["hosts"] == "hub.example,127.0.0.1,localhost,[::1],a.example,b.example"
    serve("--url", "https://other.example", "--data", "here")
    assert (prepared["data"], prepared["url"]) == (Path("here"), "https://other.example")


def test_without_anything_it_is_for_this_machine(prepared: dict[str, object]) -> None:
    serve()
    assert (prepared["data"], prepared["url"]) == (Path("tocsin-hub"), "http://localhost:8000")
    assert prepared["hosts"] == "localhost,127.0.0.1,[::1]"


def test_an_address_of_the_sixth_version(prepared: dict[str, object]) -> None:
    serve("--host", "2001:db8::1", "--port", "8080")
    assert (prepared["url"], prepared["host"]) == ("http://[2001:db8::1]:8080", "2001:db8::1")
    assert str(prepared["hosts"]).startswith("[2001:db8::1],")
