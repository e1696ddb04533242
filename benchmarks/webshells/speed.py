"""Throughput per CPU second: examinations, against YARA alone over the same files.

The yardstick is yara-python with a folder of rules (``--rules``, or ours); where yara-python is not
installed, yara-x stands in for it and the line says so.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yara_x

from benchmarks.webshells.corpus import Case
from tocsin.detections.webshells import signatures
from tocsin.detections.webshells.examine import examine

OURS = Path(signatures.__file__).with_name("signatures")


def print_speed(found: Sequence[Case], rules: Path | None) -> None:
    """Print files, megabytes, megabytes per CPU second, and the slowest files."""
    pages = [(str(case.path), case.path.read_bytes()) for case in found]
    size = sum(len(data) for _, data in pages)
    print(f"{len(pages):,} files, {size / 1e6:.1f} MB")
    times = _times(lambda path, data: examine(data, path=path), pages)
    ours = _line("examined", size, sum(times))
    name, scan = _yardstick(rules or OURS)
    print(f"that is {ours / _line(name, size, sum(_times(scan, pages))):.2f} of it")
    slowest = sorted(zip(times, pages, strict=True), key=lambda pair: -pair[0])[:5]
    for seconds, (path, data) in slowest:
        print(f"  {seconds:6.2f} s  {len(data):10,} bytes  {path}")


def _times(work: Callable[[str, bytes], object], pages: Sequence[tuple[str, bytes]]) -> list[float]:
    work(*pages[0])  # what is made once is not counted
    times: list[float] = []
    for path, data in pages:
        began = time.process_time()
        work(path, data)
        times.append(time.process_time() - began)
    return times


def _line(name: str, size: int, seconds: float) -> float:
    speed = size / 1e6 / max(seconds, 1e-9)
    print(f"{name}: {seconds:.1f} CPU seconds, {speed:.2f} MB per CPU second")
    return speed


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
