"""Set up ``.venv`` from the hashed lock when it is stale, then run Tocsin or its tests.

``tocsin`` and ``tocsin.cmd`` start this file with whatever Python they find, so it may use the
standard library only and nothing of Tocsin. The surprise it guards against: a set-up can be cut
off, run twice at once, be moved to another folder, or outlive the Python it was made with. So the
stamp is written last, under a lock that dies with its process, and names folder, Python and lock.

Set-up talks on standard error, and exits with 3 when the machine lacks something.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("TOCSIN_VENV") or ROOT / ".venv").absolute()
STAMP = VENV / ".stamp"
UNFINISHED = VENV.with_name(VENV.name + ".unfinished")
WINDOWS = os.name == "nt"
SCRIPTS = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = SCRIPTS / ("python.exe" if WINDOWS else "python")
LEVELS = ("run", "hub", "test", "dev")
HUB_VERBS = ("serve", "hub")  # commands that need the hub's packages; the others do without 200 MB
LOCKED = ("pyproject.toml", *(f"requirements/{level}.txt" for level in LEVELS))
EXIT_ENVIRONMENT = 3
QUIET_PIP = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
}


def main(arguments: list[str]) -> NoReturn:
    """``test`` runs the fast tier, ``setup`` only prepares ``.venv``; all else goes to the CLI."""
    verb = arguments[0] if arguments else ""
    if verb == "setup":
        ensure(_level_asked(arguments[1:]))
        sys.exit(0)
    if verb == "test":
        own_choice = any(word.startswith("-m") for word in arguments[1:])
        ensure("dev" if own_choice else "test")  # slow tests hold results beside other tools
        sys.exit(run_tests(arguments[1:]))
    ensure("hub" if verb in HUB_VERBS else "run")
    _become([str(SCRIPTS / ("tocsin.exe" if WINDOWS else "tocsin")), *arguments])


def _level_asked(arguments: list[str]) -> str:
    level = arguments[0] if arguments else "run"
    if level not in LEVELS or len(arguments) > 1:
        say("usage: ./tocsin setup [run|hub|test|dev]")
        sys.exit(2)
    return level


def ensure(level: str) -> None:
    """Leave a ``.venv`` that holds at least ``level``; do nothing when it already does."""
    if _fresh(level):
        return
    try:
        VENV.parent.mkdir(parents=True, exist_ok=True)
        with _only_one():
            if not _fresh(level):
                _set_up(max(level, _stamped_level(), key=LEVELS.index))
    except OSError as error:
        fail(f"cannot write {VENV}: {error.strerror}.", "Name a folder you may write in TOCSIN_VENV.")


def _fresh(level: str) -> bool:
    enough = LEVELS.index(_stamped_level()) >= LEVELS.index(level)
    return enough and _stamp()[:2] == [_place(), _digest()] and PYTHON.exists()


def _stamp() -> list[str]:
    try:
        return STAMP.read_text("utf-8").splitlines()
    except OSError:
        return []


def _stamped_level() -> str:
    last = (_stamp() or [""])[-1]
    return last if last in LEVELS else LEVELS[0]


def _place() -> str:
    """Folder and Python: scripts in ``.venv`` name both, so a move or an upgrade breaks them."""
    return f"{ROOT} python{sys.version_info[0]}.{sys.version_info[1]}"


def _digest() -> str:
    digest = hashlib.sha256()
    for name in LOCKED:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold a lock that the system releases however this process ends."""
    with VENV.with_name(VENV.name + ".lock").open("ab") as handle:
        if not _try_lock(handle):
            say("another call is setting up; waiting for it")
            while not _try_lock(handle):
                time.sleep(0.5)
        yield


def _try_lock(handle: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - does not exist on Windows

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _set_up(level: str) -> None:
    began = time.monotonic()
    stamp = f"{_place()}\n{_digest()}\n{level}\n"
    say(f"setting up {VENV} ({level}); this needs the package registry, and happens once")
    _make_venv()
    locked = ["--require-hashes", "--requirement", str(ROOT / "requirements" / f"{level}.txt")]
    _pip(locked, remedy="Set-up needs the package registry once; call again when it can be reached.")
    itself = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    _pip(itself, remedy="The packages are there, but this checkout did not install: is it complete?")
    waiting = STAMP.with_suffix(".new")
    waiting.write_text(stamp, "utf-8")
    waiting.replace(STAMP)
    UNFINISHED.unlink(missing_ok=True)
    say(f"ready after {time.monotonic() - began:.0f} s")


def _make_venv() -> None:
    """Start anew where an earlier set-up was cut off, moved or outlived; else build upon it."""
    stamp = _stamp()
    spoilt = UNFINISHED.exists() or (stamp and stamp[0] != _place())
    if PYTHON.exists() and not spoilt:
        return
    _refuse_strange_folder()
    _need_ensurepip()
    UNFINISHED.touch()
    base = getattr(sys, "_base_executable", None) or sys.executable
    log = _run([base, "-I", "-m", "venv", "--clear", str(VENV)])
    if log is not None:
        fail(f"python -m venv failed:\n{log}", f"Remove {VENV} and call again.")


def _refuse_strange_folder() -> None:
    """Clearing a folder deletes what is in it, so it has to be ours, a virtual environment or empty."""
    ours = UNFINISHED.exists() or (VENV / "pyvenv.cfg").exists()
    if VENV.exists() and not ours and any(VENV.iterdir()):
        fail(f"{VENV} holds other things.", "Name a folder of its own in TOCSIN_VENV.")


def _need_ensurepip() -> None:
    """Debian and Ubuntu ship Python without ``ensurepip``; root may add it, others are told."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not shutil.which("apt-get"):
        fail("this Python has no ensurepip.", "Install the package that holds Python's venv module.")
    if sys.platform == "win32" or os.geteuid() != 0:
        fail(f"the package {package} is missing.", f"As root: apt-get install {package}")
    say(f"installing {package}, which this system's Python lacks")
    install = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    if _run(install) is not None:
        _run(["apt-get", "update"])
        log = _run(install)
        if log is not None:
            fail(f"apt-get failed:\n{log}", f"Install {package} by hand and call again.")
    importlib.invalidate_caches()


def _pip(options: list[str], *, remedy: str) -> None:
    log = _run([str(PYTHON), "-I", "-m", "pip", "install", "--quiet", *options])
    if log is not None:
        fail(f"pip failed:\n{log}", remedy)


def _run(command: list[str]) -> str | None:
    """Run quietly. Gives None when it went well, else the last lines of what it said."""
    environment = {**os.environ, **QUIET_PIP, "DEBIAN_FRONTEND": "noninteractive"}
    for name in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"):
        environment.pop(name, None)
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode == 0:
        return None
    return "\n".join(done.stdout.decode("utf-8", "replace").splitlines()[-12:])


def run_tests(arguments: list[str]) -> int:
    """Run the fast tier and say which tiers were left out. Gives pytest's exit status."""
    own_choice = any(word.startswith("-m") for word in arguments)
    choice = [] if own_choice else ["-m", "not slow"]
    status = subprocess.call([str(PYTHON), "-m", "pytest", *choice, *arguments], cwd=ROOT)
    for line in [] if own_choice else _left_out():
        print(f"left out: {line}", flush=True)
    return status


def _left_out() -> Iterator[str]:
    yield "slow (large inputs, long fuzzing, the launcher itself): ./tocsin test -m slow"
    if not (ROOT.parent / "shared" / "evidence").is_dir():
        yield "real (no real evidence stands in ../shared/evidence; once it does: ./tocsin test -m real)"


def _become(command: list[str]) -> NoReturn:
    """Replace this process; Windows has no such thing and waits instead."""
    if WINDOWS:
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def say(words: str) -> None:
    """One line on standard error."""
    print(f"tocsin: {words}", file=sys.stderr, flush=True)


def fail(what: str, remedy: str) -> NoReturn:
    """Say what is wrong and what to do now, and exit with 3."""
    say(f"{what}\n{remedy}")
    sys.exit(EXIT_ENVIRONMENT)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        say("stopped by you; the next call takes up where this one left off")
        sys.exit(130)
