"""Throughput per CPU second: examinations, against YARA alone over the same files.

The yardstick is yara-python with a folder of rules (``--rules``, or ours); where yara-python is not
installed, yara-x stands in for it and the line says so.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yara_x
from benchmarks.webshells.corpus import Case
from msgspec import Struct

from tocsin.detections.webshells import signatures
from tocsin.detections.webshells.examine import examine

OURS = Path(signatures.__file__).with_name("signatures")
SAMPLE = 3_000
"""Files that are measured of each kind; a draw with a fixed seed."""
_SEED = 7


class Speed(Struct, frozen=True, kw_only=True):
    """What was measured over some files.

    Attributes:
        examined: megabytes per CPU second of examinations.
        scanned: the same of the yardstick.
        slowest: CPU seconds of the slowest file, of ``largest`` bytes.
    """

    name: str
    files: int
    megabytes: float
    examined: float
    yardstick: str
    scanned: float
    slowest: float
    largest: int


def speeds(found: Sequence[Case], rules: Path | None) -> list[Speed]:
    """Measure all files, the harmless ones, and the shells."""
    drawn = random.Random(_SEED).sample(list(found), min(SAMPLE, len(found)))  # noqa: S311 - a draw, no secret
    kinds = (
        ("all", drawn),
        ("harmless", [case for case in drawn if not case.shell]),
        ("shells", [case for case in drawn if case.shell]),
    )
    return [_measured(name, cases, rules) for name, cases in kinds if cases]


def print_speed(found: Sequence[Case], rules: Path | None) -> None:
    """Print files, megabytes, megabytes per CPU second, and the slowest file."""
    for one in speeds(found, rules):
        print(f"{one.name}: {one.files:,} files, {one.megabytes:.1f} MB")
        print(f"  examined: {one.examined:.2f} MB per CPU second")
        share = one.examined / one.scanned
        print(f"  {one.yardstick}: {one.scanned:.2f} MB per CPU second; that is {share:.2f} of it")
        print(f"  slowest: {one.slowest:.2f} s for {one.largest:,} bytes")


def _measured(name: str, found: Sequence[Case], rules: Path | None) -> Speed:
    pages = [(str(case.path), case.path.read_bytes()) for case in found]
    size = sum(len(data) for _, data in pages) / 1e6
    times = _times(lambda path, data: examine(data, path=path), pages)
    yardstick, scan = _yardstick(rules or OURS)
    slowest = max(range(len(times)), key=times.__getitem__)
    return Speed(
        name=name,
        files=len(pages),
        megabytes=size,
        examined=size / max(sum(times), 1e-9),
        yardstick=yardstick,
        scanned=size / max(sum(_times(scan, pages)), 1e-9),
        slowest=times[slowest],
        largest=len(pages[slowest][1]),
    )


def _times(work: Callable[[str, bytes], object], pages: Sequence[tuple[str, bytes]]) -> list[float]:
    work(*pages[0])  # what is made once is not counted
    times: list[float] = []
    for path, data in pages:
        began = time.process_time()
        work(path, data)
        times.append(time.process_time() - began)
    return times


def _yardstick(folder: Path) -> tuple[str, Callable[[str, bytes], object]]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".yar", ".yara"})
    if importlib.util.find_spec("yara") is None:
        print("yara-python is not installed: yara-x stands in for it", file=sys.stderr)
        return "yara-x", _with_yara_x(files)
    yara: Any = importlib.import_module("yara")
    compiled = yara.compile(filepaths={path.stem: str(path) for path in files})
    return "yara-python", lambda _, data: compiled.match(data=data)


def _with_yara_x(files: Sequence[Path]) -> Callable[[str, bytes], object]:
    compiler = yara_x.Compiler()
    for path in files:
        compiler.new_namespace(path.stem)
        compiler.add_source(path.read_text("utf-8"))
    scanner = yara_x.Scanner(compiler.build())
    return lambda _, data: scanner.scan(data)
