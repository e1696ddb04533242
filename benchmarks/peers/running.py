"""Run commands as whole programs and learn what the kernel charged for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from benchmarks.peers.results import Spent

SPAWN = Path(__file__).parent / "programs" / "spawn.py"
LONGEST = 6 * 3600.0
"""Seconds after which a command is ended."""


def cores(wanted: int) -> list[int]:
    """Give the processors that a command may use: the first ones that this process may use.

    Raises:
        ValueError: there are fewer.
    """
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < wanted:
        raise ValueError(f"this machine lends {len(mine)} core(s), {wanted} are asked for")
    return mine[:wanted]


def run(
    command: Sequence[str],
    *,
    folder: Path,
    home: Path | None = None,
    pinned_to: int = 1,
    environment: Mapping[str, str] | None = None,
    seconds: float = LONGEST,
) -> Spent:
    """Run a command, pinned; its output goes to ``stdout`` and ``stderr`` in ``folder``.

    ``home`` is where it may keep what it wants to find again next time; else that is ``folder`` too.
    ``environment`` is added to a bare one: contenders must not see this program's own.
    """
    order = {
        "command": list(command),
        "cores": cores(pinned_to),
        "seconds": seconds,
        "folder": str(folder),
        "environment": {**bare(home or folder), **(environment or {})},
    }
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [sys.executable, "-I", "-S", str(SPAWN), json.dumps(order)],
        capture_output=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return msgspec.json.decode(done.stdout, type=Spent)


def bare(home: Path) -> dict[str, str]:
    """Give an environment without settings that could favour or hinder anyone."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "NO_COLOR": "1"}
