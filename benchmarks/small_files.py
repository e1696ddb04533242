#!/usr/bin/env python3
"""How fast many small files are walked, hashed and assessed, beside ``find | xargs sha256sum``.

    python benchmarks/small_files.py --files 100000 --into /data
    python benchmarks/small_files.py --keep /tmp/tree --profile walk

Makes a tree of web roots with pages, scripts, texts and images of up to 8 KiB. Then, in turns and warm,
takes CPU seconds (user and system, children included) of

- ``find``: ``find DIR -type f -print0 | xargs -0 sha256sum``,
- ``walk``: opening the evidence, taking every source, and its digest: every file is identified by its head,
  hashed, and compared with a manifest if there is one,
- ``assess``: the whole of it, pages searched with the rules for web shells.

and prints files and CPU seconds, the best of several turns. Target: ``walk`` at half the speed of ``find``.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import pstats
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.evidence.opening import open_evidence

TARGET = 0.5
LONGEST = 8 << 10
FOLDER = 250
NAMES = (".aspx", ".js", ".txt", ".png", ".gif", ".css", ".config", ".dll")
ROOTS = (
    "C/inetpub/wwwroot/aspnet_client",
    "C/Program Files/Microsoft/Exchange Server/V15/FrontEnd/HttpProxy/owa",
)
TEXTS = {
    ".aspx": '<%@ Page Language="C#" AutoEventWireup="true" %>\n<html><body>',
    ".js": "function show(id) { return document.getElementById(id); }\n",
    ".css": ".box { margin: 0; padding: 2px; }\n",
    ".config": '<?xml version="1.0"?>\n<configuration><system.webServer/></configuration>\n',
    ".txt": "All rights reserved.\n",
}
MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".gif": b"GIF89a", ".dll": b"MZ\x90\0"}


def main() -> int:
    """Run the benchmark; 1 when the target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=3, help="the best of so many")
    parser.add_argument("--into", type=Path, help="folder with room: about 5 KiB a file")
    parser.add_argument("--keep", type=Path, help="make the tree here unless it is there, and leave it")
    parser.add_argument("--profile", choices=("walk", "assess"), help="print where the time goes")
    chosen = parser.parse_args()
    folder = chosen.keep or Path(tempfile.mkdtemp(dir=chosen.into))
    try:
        if not (folder / "C").exists():
            make(folder, chosen.files)
        if chosen.profile:
            profile(WAYS[chosen.profile], folder)
            return 0
        return measure(folder, chosen.turns)
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder)


def measure(folder: Path, turns: int) -> int:
    """Take every way in turns and print the best of each."""
    spent = dict.fromkeys(WAYS, float("inf"))
    files = dict.fromkeys(WAYS, 0)
    for _ in range(turns):
        for name, way in WAYS.items():
            started = cpu()
            files[name] = way(folder)
            spent[name] = min(spent[name], cpu() - started)
    for name, seconds in spent.items():
        rate, ratio = files[name] / seconds, spent["find"] / seconds
        print(f"{name:8} {files[name]:>9,} files {seconds:8.2f} CPU s {rate:>9,.0f}/s {ratio:6.2f} of find")
    reached = spent["find"] / spent["walk"]
    print(f"walk reaches {reached:.2f} of the speed of find; the target is {TARGET}")
    return 0 if reached >= TARGET and files["find"] == files["walk"] else 1


def cpu() -> float:
    """CPU seconds so far, of this process and of the children that it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def find(folder: Path) -> int:
    """Let the system's own tools walk and hash."""
    command = 'find "$0" -type f -print0 | xargs -0 sha256sum'
    found = subprocess.run(["sh", "-c", command, str(folder)], check=True, capture_output=True)  # noqa: S603,S607 - the peer
    return found.stdout.count(b"\n")


def walk(folder: Path) -> int:
    """Open the evidence and take every source, so that all is hashed."""
    with open_evidence(folder) as evidence:
        for _ in evidence.sources():
            pass
        return evidence.info().files


def assess(folder: Path) -> int:
    """Assess the whole."""
    return assess_evidence(Request(evidence=folder), load_knowledge()).evidence.files


WAYS: dict[str, Callable[[Path], int]] = {"find": find, "walk": walk, "assess": assess}


def profile(way: Callable[[Path], int], folder: Path) -> None:
    """Print the functions that take most of the time."""
    watch = cProfile.Profile()
    watch.runcall(way, folder)
    pstats.Stats(watch).sort_stats("tottime").print_stats(45)


def make(folder: Path, files: int) -> None:
    """Write the tree, repeatably."""
    dice = random.Random(1)  # noqa: S311 - a repeatable tree, no secret
    for number in range(files):
        below = folder / dice.choice(ROOTS) / f"{number // FOLDER:04}"
        if number % FOLDER < len(ROOTS) * 8 or not below.exists():
            below.mkdir(parents=True, exist_ok=True)
        suffix = dice.choice(NAMES)
        (below / f"file{number}{suffix}").write_bytes(content(suffix, dice))


def content(suffix: str, dice: random.Random) -> bytes:
    """Give what a file of the kind may hold."""
    size = dice.randrange(LONGEST)
    if suffix in MAGIC:
        return MAGIC[suffix] + dice.randbytes(size)
    mark = hashlib.sha256(dice.randbytes(8)).hexdigest()
    text = TEXTS[suffix] + f"<!-- {mark} -->\n"
    return (text + TEXTS[suffix] * (size // len(TEXTS[suffix]))).encode()[: size + len(text)]


if __name__ == "__main__":
    sys.exit(main())
