"""A mail server in a process of its own, and the hub's settings that lead to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tocsin.hub.rules.mail_dkim import new_key

SERVER = Path(__file__).parents[3] / "benchmarks" / "hub_mail_server.py"


class Box(NamedTuple):
    """What the mail server has taken."""

    folder: Path
    port: int

    def received(self) -> list[list[str]]:
        """Message-ID, return path and recipient of each message, in order."""
        path = self.folder / "received"
        return [line.split("\t") for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def kept(self) -> list[bytes]:
        """The messages, in order."""
        return [path.read_bytes() for path in sorted((self.folder / "kept").glob("*.eml"))]


@pytest.fixture(scope="session")
def _dkim_key() -> bytes:
    return new_key()


@pytest.fixture
def mail_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _dkim_key: bytes) -> Callable[..., None]:
    """Set variables of mail: ``mail_settings(SMTP="smtp://127.0.0.1:25")``."""
    (tmp_path / "dkim.pem").write_bytes(_dkim_key)

    def set_up(**variables: str) -> None:
        given = {
            "MAIL_FROM": "National CERT <cert@hub.example>",
            "DKIM_KEY": str(tmp_path / "dkim.pem"),
            "MAIL_LANES": "1",
            **variables,
        }
        for name, text in given.items():
            monkeypatch.setenv(f"TOCSIN_HUB_{name}", text)

    set_up()
    return set_up


@pytest.fixture
def mail_server(tmp_path: Path, mail_settings: Callable[..., None], loopback: None) -> Iterator[Box]:  # noqa: ARG001 - opens sockets
    """A mail server that demands TLS, and a hub that is set up to use it."""
    folder = tmp_path / "mail"
    folder.mkdir()
    command = [sys.executable, str(SERVER), str(folder), "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        mail_settings(SMTP=f"smtp+starttls://127.0.0.1:{port}", MAIL_CA=str(folder / "ca.pem"))
        yield Box(folder, port)
        process.kill()
