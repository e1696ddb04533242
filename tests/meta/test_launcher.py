"""The launcher: what it finds, what it hands on, and what it survives.

The slow tests set up a toy project with the real launcher. The toy needs no package and brings its
own build backend, so that they need no network; one last test sets up Tocsin itself.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]

BACKEND = """
import os, signal, zipfile

CODE = "import os, sys\\ndef main():\\n    print(os.getcwd(), *sys.argv[1:], sep='|')\\n    return 20\\n"
META = {
    "METADATA": "Metadata-Version: 2.1\\nName: toy\\nVersion: 1\\n",
    "WHEEL": "Wheel-Version: 1.0\\nGenerator: toy\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "entry_points.txt": "[console_scripts]\\ntocsin = toy:main\\n",
}


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    if os.path.exists("cut off"):
        os.killpg(0, signal.SIGKILL)
    files = {"toy.py": CODE, **{f"toy-1.dist-info/{name}": text for name, text in META.items()}}
    record = "".join(f"{name},,\\n" for name in files) + "toy-1.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(wheel_directory, "toy-1-py3-none-any.whl"), "w") as wheel:
        for name, text in {**files, "toy-1.dist-info/RECORD": record}.items():
            wheel.writestr(name, text)
    return "toy-1-py3-none-any.whl"
"""
PROJECT = """
[build-system]
requires = []
build-backend = "toy_backend"
backend-path = ["."]
"""


def launch(
    launcher: Path, *arguments: str, cwd: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the launcher with an environment of its own: nothing of ours leaks into it."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd), "TOCSIN_PYTHON": sys.executable, **environment}
    return subprocess.run(
        [launcher, *arguments], cwd=cwd, env=clean, capture_output=True, check=False, text=True
    )


def start(root: Path) -> subprocess.Popen[str]:
    """Start a toy's launcher in a process group of its own, and do not wait."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "TOCSIN_PYTHON": sys.executable}
    return subprocess.Popen(
        [root / "tocsin"],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A checkout with a space in its name that holds the launcher and little else."""
    root = tmp_path / "a toy"
    (root / "requirements").mkdir(parents=True)
    (root / "tools").mkdir()
    shutil.copy(ROOT / "tocsin", root)
    shutil.copy(ROOT / "tools" / "launch.py", root / "tools")
    (root / "toy_backend.py").write_text(BACKEND)
    (root / "pyproject.toml").write_text(PROJECT)
    for level in ("run", "hub", "test", "dev"):
        (root / "requirements" / f"{level}.txt").write_text("# nothing\n")
    return root


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def told(toy: Path, elsewhere: Path) -> Callable[..., list[str]]:
    """Run the launcher with a stand-in for Python that prints what it is started with."""
    stand_in = elsewhere / "python"
    stand_in.write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 0 ;; esac\nprintf "%s\\n" "$@"\n')
    stand_in.chmod(0o755)

    def run(launcher: Path, *arguments: str) -> list[str]:
        done = launch(launcher, *arguments, cwd=elsewhere, TOCSIN_PYTHON=str(stand_in))
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    assert run(toy / "tocsin")[:4] == ["-I", "-S", "-B", str(toy / "tools" / "launch.py")]
    return run


def test_arguments_arrive_whole(told: Callable[..., list[str]], toy: Path) -> None:
    words = ["assess", "a b", "", "*", '"$HOME"', "--json"]
    assert told(toy / "tocsin", *words)[4:] == words


def test_it_finds_itself_through_links(told: Callable[..., list[str]], toy: Path, elsewhere: Path) -> None:
    (elsewhere / "bin").mkdir()
    (elsewhere / "bin" / "second").symlink_to("../first link")
    (elsewhere / "first link").symlink_to(toy / "tocsin")
    assert told(elsewhere / "bin" / "second")[3] == str(toy / "tools" / "launch.py")


def test_without_python_it_says_what_to_do(toy: Path, elsewhere: Path) -> None:
    (elsewhere / "bin").mkdir()
    for name in ("sh", "dirname", "readlink"):
        (elsewhere / "bin" / name).symlink_to(str(shutil.which(name)))
    done = launch(toy / "tocsin", cwd=elsewhere, PATH=str(elsewhere / "bin"), TOCSIN_PYTHON="/nowhere")
    assert done.returncode == 3
    assert "Python 3.11" in done.stderr
    assert not done.stdout


def test_a_strange_folder_is_not_cleared(toy: Path, elsewhere: Path) -> None:
    (elsewhere / "letter.txt").write_text("dear")
    done = launch(toy / "tocsin", cwd=toy, TOCSIN_VENV=str(elsewhere))
    assert done.returncode == 3
    assert "TOCSIN_VENV" in done.stderr
    assert (elsewhere / "letter.txt").read_text() == "dear"


def test_a_wrong_level_is_a_usage_error(toy: Path) -> None:
    assert launch(toy / "tocsin", "setup", "everything", cwd=toy).returncode == 2


@pytest.mark.slow
class TestSetUp:
    """With the real Python, and a toy in Tocsin's place."""

    def test_once_then_never_again(self, toy: Path, elsewhere: Path) -> None:
        first = launch(toy / "tocsin", "a b", "c", cwd=elsewhere)
        assert (first.returncode, first.stdout) == (20, f"{elsewhere}|a b|c\n")
        assert len(first.stderr.splitlines()) == 2, first.stderr
        second = launch(toy / "tocsin", cwd=elsewhere, PIP_NO_INDEX="1")
        assert (second.returncode, second.stderr) == (20, "")

    def test_a_changed_lock_is_followed_and_the_level_kept(self, toy: Path) -> None:
        assert launch(toy / "tocsin", "setup", "dev", cwd=toy).returncode == 0
        (toy / "requirements" / "run.txt").write_text("# changed\n")
        assert "(dev)" in launch(toy / "tocsin", cwd=toy).stderr

    def test_a_moved_checkout_is_set_up_anew(self, toy: Path) -> None:
        launch(toy / "tocsin", cwd=toy)
        moved = toy.rename(toy.with_name("moved"))
        done = launch(moved / "tocsin", cwd=moved)
        assert (done.returncode, done.stdout) == (20, f"{moved}\n")

    def test_two_at_once(self, toy: Path) -> None:
        both = [start(toy) for _ in range(2)]
        said = [process.communicate()[1] for process in both]
        assert [process.returncode for process in both] == [20, 20], said
        assert sum("ready after" in words for words in said) == 1, said

    def test_an_interrupted_set_up_is_made_good(self, toy: Path) -> None:
        (toy / "cut off").touch()
        first = start(toy)
        first.communicate()
        assert first.returncode == -signal.SIGKILL
        assert (toy / ".venv").exists()
        (toy / "cut off").unlink()
        done = launch(toy / "tocsin", cwd=toy)
        assert done.returncode == 20, done.stderr
        assert launch(toy / "tocsin", cwd=toy).stderr == ""

    def test_a_developers_own_environment_is_kept(self, toy: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", toy / ".venv"], check=True)
        (toy / ".venv" / "own.txt").write_text("kept")
        assert launch(toy / "tocsin", cwd=toy).returncode == 20
        assert (toy / ".venv" / "own.txt").read_text() == "kept"

    def test_without_the_registry_it_says_so(self, toy: Path) -> None:
        pin = f"not-there==1 --hash=sha256:{'0' * 64}\n"
        (toy / "requirements" / "run.txt").write_text(pin)
        done = launch(toy / "tocsin", cwd=toy, PIP_NO_INDEX="1")
        assert done.returncode == 3
        assert "registry" in done.stderr.splitlines()[-1]
        assert not done.stdout


@pytest.mark.slow
def test_tocsin_sets_itself_up(tmp_path: Path) -> None:
    """The whole of it, from the package registry that this machine is set up with."""
    copy = tmp_path / "a copy"
    subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True)
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "TOCSIN", "VIRTUAL"))
    }
    command = [copy / "tocsin", "test", "-q", "tests/meta/test_command_line.py"]
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "left out: slow" in done.stdout
