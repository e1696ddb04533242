"""`tocsin hub mail` as somebody types it: a key is made once, its record is printed, a message is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.hub.outbox.conftest import SERVER

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


def tocsin(*arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TOCSIN_HUB", "DJANGO", "DATABASE"))
    }
    surroundings |= {"PYTHONPATH": str(ROOT / "src")}
    surroundings |= {f"TOCSIN_HUB_{name}": text for name, text in variables.items()}
    command = [sys.executable, "-m", "tocsin.cli", "hub", "mail", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True, check=False)


def test_from_a_key_to_a_message(tmp_path: Path) -> None:
    sender = {"MAIL_FROM": "National CERT <cert@hub.example>"}
    first = tocsin("keys", "--make", "dkim.pem", cwd=tmp_path, **sender)
    assert first.returncode == 0, first.stderr
    assert "tocsin._domainkey.hub.example. IN TXT ( " in first.stdout
    assert (tmp_path / "dkim.pem").stat().st_mode & 0o077 == 0
    assert tocsin("keys", "--make", "dkim.pem", cwd=tmp_path, **sender).stdout == first.stdout
    assert "no mail server" in tocsin("test", "a@contoso.example", cwd=tmp_path, **sender).stderr
    command = [sys.executable, str(SERVER), str(tmp_path), "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        way = {"SMTP": f"smtp+starttls://127.0.0.1:{port}", "MAIL_CA": "ca.pem", "DKIM_KEY": "dkim.pem"}
        sent = tocsin("test", "a@contoso.example", cwd=tmp_path, **sender, **way)
        refused = tocsin("test", "no-such@contoso.example", cwd=tmp_path, **sender, **way)
        server.kill()
    assert sent.returncode == 0, sent.stderr
    [kept] = (tmp_path / "kept").glob("*.eml")
    assert sent.stdout.strip().encode() in kept.read_bytes()
    assert kept.read_bytes().startswith(b"DKIM-Signature: ")
    assert (refused.returncode, "no such mailbox" in refused.stderr) == (3, True)


def test_what_makes_no_sense_is_said(tmp_path: Path) -> None:
    wrong = tocsin("keys", cwd=tmp_path, SMTP="smtp://mail.hub.example")
    assert (wrong.returncode, "TOCSIN_HUB_SMTP" in wrong.stderr) == (2, True)
    url = "https://contoso.example/hook"
    keys = [tocsin("keys", "--webhook", url, cwd=tmp_path).stdout for _ in range(2)]
    assert keys[0] == keys[1]
    assert len(keys[0].strip()) == 64
    (tmp_path / "returned").write_bytes(b"From: a@contoso.example\n\nhello\n")
    assert tocsin("bounces", "returned", cwd=tmp_path).stdout == "unknown 1\n"
    assert tocsin("bounces", "nowhere", cwd=tmp_path).returncode == 2
