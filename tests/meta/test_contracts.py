"""The import contracts can fail: each is broken once, in a copy, and must say so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
FORBIDDEN = {
    "upward": ("model/words.py", "from tocsin import report", "Data goes down"),
    "unlisted": ("newcomer.py", '"""A layer that nobody declared."""', "Data goes down"),
    "artefacts": (
        "artefacts/httperr.py",
        "from tocsin.artefacts import iis_w3c",
        "Artefact modules never import one another",
    ),
    "framework": ("report/view.py", "import django", "no web framework"),
    "cycle": ("evidence/lines.py", "from tocsin.evidence import source", "No cycles"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def check(copy: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(copy / 'src')!r}); {CHECK}"
    return subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, check=False, text=True)


@pytest.mark.slow
def test_the_contracts_hold(copy: Path) -> None:
    done = check(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_forbidden_import_is_found(copy: Path, name: str) -> None:
    file, line, contract = FORBIDDEN[name]
    path = copy / "src" / "tocsin" / file
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{before}\n{line}\n", "utf-8")
    done = check(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [text for text in done.stdout.splitlines() if text.endswith("BROKEN")]
    assert any(contract in text for text in broken), broken
