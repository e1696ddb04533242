"""`tocsin hub` as somebody types it: people, lists, and a backup that comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


def tocsin(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TOCSIN_HUB", "DJANGO", "DATABASE"))
    }
    environment["PYTHONPATH"] = str(ROOT / "src")
    command = [sys.executable, "-m", "tocsin.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def well(*arguments: object, cwd: Path) -> str:
    done = tocsin(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_people_lists_backup_and_the_way_back(tmp_path: Path) -> None:
    first = tocsin(
        "hub",
        "user",
        "add",
        "a@hub.example",
        "--role",
        "analyst",
        "--url",
        "https://hub.example",
        cwd=tmp_path,
    )
    assert "password (shown once)" in first.stderr
    assert first.stdout.startswith("https://hub.example/account/enter/invite_")
    assert tocsin("hub", "user", "add", "b@hub.example", "--role", "king", cwd=tmp_path).returncode == 2
    assert tocsin("hub", "user", "reset", "nobody@hub.example", cwd=tmp_path).returncode == 2
    listed = well("hub", "user", "list", cwd=tmp_path)
    assert listed.split("\t")[:3] == ["administrator@localhost.localdomain", "administrator", "open"]
    assert tocsin("hub", "user", "close", "administrator@localhost.localdomain", cwd=tmp_path).returncode == 2

    (tmp_path / "owners.csv").write_text("name,cidr\nContoso,192.0.2.0/24\nFabrikam,none\n")
    assert "new 2" in well("hub", "organisations", "owners.csv", "--dry-run", cwd=tmp_path)
    assert "claims 1" in well("hub", "organisations", "owners.csv", cwd=tmp_path)
    (tmp_path / "kev.json").write_text(json.dumps({"vulnerabilities": []}))
    assert well("hub", "kev", "kev.json", cwd=tmp_path).startswith("0 rows")

    recipient = well("hub", "key", "identity.txt", cwd=tmp_path)
    (tmp_path / "recipient.txt").write_text(recipient)
    well("hub", "backup", "hub.backup", "--key", "recipient.txt", cwd=tmp_path)
    wrong = tocsin("hub", "restore", "hub.backup", "--key", "recipient.txt", "--data", "again", cwd=tmp_path)
    assert wrong.returncode == 2
    assert not (tmp_path / "again").exists()
    well("hub", "restore", "hub.backup", "--key", "identity.txt", "--data", "again", cwd=tmp_path)
    assert "new 0" in well("hub", "organisations", "owners.csv", "--data", "again", cwd=tmp_path)


def test_no_backup_of_a_hub_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("correct horse battery staple")
    done = tocsin("hub", "backup", "hub.backup", "--key", "key", "--data", "elsewhere", cwd=tmp_path)
    assert done.returncode == 3
    assert "there is no hub here" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["key"], "nor is one made"


def test_two_first_runs_at_once_make_one_hub(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TOCSIN_HUB", "DJANGO", "DATABASE"))
    }
    environment["PYTHONPATH"] = str(ROOT / "src")
    command = [sys.executable, "-m", "tocsin.cli", "hub", "user", "list"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes) for _ in range(2)]  # type: ignore[call-overload]  # one table of pipes
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("password (shown once)" in errors for _, errors in said) == 1
