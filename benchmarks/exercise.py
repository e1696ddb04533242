#!/usr/bin/env python3
"""How fast a simulated server is written, and that memory does not grow with its size.

    python benchmarks/exercise.py --rows 50000000 --into /data

Prints rows and bytes of the IIS logs, CPU seconds, rows a second, peak memory, and the same lines
copied by a bare loop in the same run as the floor. Only the IIS logs are written unless --all.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

from tocsin.exercise.library import load
from tocsin.exercise.server import make_server

OTHERS = ("exchange.httpproxy", "exchange.ews", "exchange.ecp-server", "exchange.cmdletinfra", "http.err")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="IIS rows, both sites together, about")
    parser.add_argument("--scenario", default="innocent-quiet")
    parser.add_argument("--into", type=Path, help="folder with room: about 300 bytes a row")
    parser.add_argument("--all", action="store_true", help="write every other log as well")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=chosen.into))
    try:
        measure(chosen.scenario, chosen.rows, folder, everything=chosen.all)
    finally:
        shutil.rmtree(folder)


def measure(name: str, rows: int, folder: Path, *, everything: bool) -> None:
    """Make one server and print the figures."""
    scenario = load(name)
    if not everything:
        collection = replace(scenario.collection, withhold=OTHERS, disk=False)
        scenario = replace(scenario, collection=collection)
    started = time.process_time()
    make_server(scenario, name=name, seed=1, out=folder / "server", rows=int(rows / 1.74))
    spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    logs = sorted((folder / "server").rglob("u_ex*.log"))
    lines, size, floor = copied(logs, folder / "copy")
    print(f"{lines:,} IIS rows, {size / 1e6:,.0f} MB in {len(logs)} files")
    print(f"made in {spent:.1f} CPU s: {lines / spent:,.0f} rows/s, {size / 1e6 / spent:.1f} MB/s")
    print(f"peak memory {peak:.0f} MiB")
    print(f"the same lines copied by a bare loop: {floor:.1f} CPU s; ratio {spent / floor:.1f}")


def copied(logs: list[Path], target: Path) -> tuple[int, int, float]:
    """Copy line by line; give lines, bytes and CPU seconds."""
    lines = size = 0
    started = time.process_time()
    for log in logs:
        with log.open("rb") as source, target.open("wb") as sink:
            for line in source:
                sink.write(line)
                lines += 1
                size += len(line)
    return lines, size, time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
