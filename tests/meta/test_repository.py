"""The root of the repository: locks, README, changes, addresses."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
BUILD = [line for line in (ROOT / "requirements/build.in").read_text("utf-8").splitlines() if line[0] != "#"]
WANTED = {
    "run": PROJECT["dependencies"] + BUILD,
    "test": PROJECT["dependencies"] + BUILD + EXTRAS["test"],
    "dev": PROJECT["dependencies"] + BUILD + EXTRAS["test"] + EXTRAS["dev"],
}
# Split, so that this file does not hold what it forbids.
REGISTRIES = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "deb." + "debian.org",
    "index" + "-url",
]


def locked(level: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{level}.txt").read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("level", WANTED)
def test_the_lock_holds_what_the_project_asks_for(level: str) -> None:
    pins = locked(level)
    for text in WANTED[level]:
        wanted = Requirement(text)
        if wanted.name != PROJECT["name"]:
            pin = pins.get(canonicalize_name(wanted.name))
            assert pin, f"{wanted.name} is not in requirements/{level}.txt: run make lock"
            assert wanted.specifier.contains(pin), f"{wanted} but {pin} is locked: run make lock"


@pytest.mark.parametrize("level", WANTED)
def test_every_pin_has_a_hash(level: str) -> None:
    text = (ROOT / "requirements" / f"{level}.txt").read_text("utf-8")
    pins = re.split(r"^(?=[a-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)


def test_the_locks_agree() -> None:
    """A developer runs what a responder runs."""
    run, test, dev = locked("run"), locked("test"), locked("dev")
    assert run.items() <= test.items() <= dev.items()


def test_no_file_names_a_registry() -> None:
    """The registry is the one that the machine is set up with; nothing here may choose another."""
    allowed = {
        ROOT / "Makefile",
        ROOT / "tests/meta/test_repository.py",
    }  # --no-emit-…: the option that forbids it
    for path in set(tracked()) - allowed:
        content = path.read_bytes().decode("utf-8", "replace").lower()
        assert not [address for address in REGISTRIES if address in content], path


def test_readme_commands_exist() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^\./(\S+)[ ]?(.*)$", readme, re.MULTILINE)
    assert [f"./{program} {rest}" for program, rest in commands][:2] == [
        "./tocsin assess examples/proxylogon-march-2021",
        "./tocsin test",
    ]
    for program, rest in commands:
        assert (ROOT / program).stat().st_mode & 0o111, f"{program} cannot be run"
        for word in shlex.split(rest):
            assert not word.startswith("examples/") or (ROOT / word).exists(), f"{word} is not there"


def test_the_changes_have_a_line_for_what_is_new() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.split(r"^## ", changes, flags=re.MULTILINE)[1]
    assert newest.startswith(("[Unreleased]", f"[{PROJECT['version']}]"))
    assert re.search(r"^- \S", newest, re.MULTILINE)


def test_the_licence_is_whole() -> None:
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert PROJECT["license"] == "Apache-2.0"
