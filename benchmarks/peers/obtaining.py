"""Have a contender: find the program, or install packages into an environment of its own in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.contending import Contender
from benchmarks.peers.results import Had
from msgspec import Struct

_VERSION = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"


class Obtained(Struct, frozen=True, kw_only=True):
    """A contender's program or interpreter (empty if it could not be had), and what is told of it."""

    program: str
    had: Had


def obtain(contender: Contender, cache: Path, checkout: Path | None = None) -> Obtained:
    """Find or install a contender; never raises: what is missing is told with the reason."""
    if contender.checkout and checkout is None:
        return _missing(
            contender, f"it is in no package index: give a checkout with --{contender.checkout} FOLDER"
        )
    if contender.packages:
        return _installed(contender, cache, checkout)
    program = shutil.which(contender.program)
    if program is None:
        return _missing(contender, f"{contender.program} is not installed (Debian: {contender.debian})")
    lines = _output([program, *contender.version]).splitlines()
    return Obtained(program=program, had=_had(contender, lines[0].split()[-1] if lines else ""))


def _installed(contender: Contender, cache: Path, checkout: Path | None) -> Obtained:
    folder = cache / "venv" / contender.name
    interpreter = folder / "bin" / "python"
    marker = folder / "installed"
    wanted = "\n".join(contender.packages)
    if not marker.exists() or marker.read_text("utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        problem = _install(folder, contender.packages)
        if problem:
            return _missing(contender, problem)
        marker.write_text(wanted, "utf-8")
    version = _output([str(interpreter), "-c", _VERSION, contender.packages[0]]).strip()
    if checkout is not None:
        version = _run(["git", "-C", str(checkout), "describe", "--always", "--tags"]).stdout.strip()
    return Obtained(program=str(interpreter), had=_had(contender, version))


def _install(folder: Path, packages: Sequence[str]) -> str:
    """Make the environment; give what went wrong, or nothing."""
    print(f"installing {' '.join(packages)} ...", file=sys.stderr)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages],
    ):
        done = _run(command)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            return f"it could not be installed: {last}"[:300]
    return ""


def _output(command: Sequence[str]) -> str:
    done = _run(command)
    return done.stdout or done.stderr


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(  # noqa: S603 - fixed programs, no shell
        list(command), capture_output=True, text=True, check=False, env=outside, stdin=subprocess.DEVNULL
    )


def _missing(contender: Contender, why: str) -> Obtained:
    return Obtained(program="", had=_had(contender, "", why))


def _had(contender: Contender, version: str, missing: str = "") -> Had:
    return Had(
        name=contender.name,
        version=version or "not told",
        licence=contender.licence,
        answers=contender.answers,
        source=_source(contender),
        missing=missing,
    )


def _source(contender: Contender) -> str:
    if contender.checkout:
        return "a checkout"
    if not contender.packages and not contender.debian:
        return "this checkout"
    return f"Debian's {contender.debian}" if contender.debian else "the package index"
