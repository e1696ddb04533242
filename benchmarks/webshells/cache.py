"""Features of every file, kept on disk until the code that makes them changes."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
from benchmarks.webshells.corpus import Case

import tocsin.detections.webshells as package
from tocsin.detections.webshells.features import features_of
from tocsin.detections.webshells.observing import observe

CACHE = Path(os.environ.get("TOCSIN_BENCHMARK_CACHE", Path.home() / ".cache" / "tocsin-webshells"))
_DIGESTED = ("*.py", "*.yaml", "*.yar")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one file: features, and CPU seconds."""

    sha256: str
    language: str
    size: int
    seconds: float
    features: dict[str, float]


def code_digest() -> str:
    """Give a digest of all code and data that features come from; the weights are not among them."""
    digest = hashlib.sha256()
    root = Path(package.__file__).parent
    for path in sorted(path for pattern in _DIGESTED for path in root.rglob(pattern)):
        if path.name not in {"score.py", "examine.py", "sketch.py"}:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def rows(found: Sequence[Case], *, workers: int = 1) -> dict[str, Row]:
    """Give the features of every case by ``sha256 language``, from the cache where they are."""
    place = CACHE / f"{code_digest()}.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    have = _read(place)
    missing = [case for case in found if key(case) not in have]
    if missing:
        print(f"measuring {len(missing):,} files", file=sys.stderr)
        with place.open("ab") as cache:
            for row in _measured(missing, workers):
                have[f"{row.sha256} {row.language}"] = row
                cache.write(msgspec.json.encode(row) + b"\n")
    return have


def key(case: Case) -> str:
    """Give the name of a case in the cache: the same file can stand in two languages."""
    return f"{case.sha256} {case.language}"


def _read(place: Path) -> dict[str, Row]:
    if not place.exists():
        return {}
    decoder = msgspec.json.Decoder(Row)
    found: dict[str, Row] = {}
    for line in place.read_bytes().splitlines():
        try:
            row = decoder.decode(line)
        except msgspec.DecodeError:
            continue  # the last line of a run that was stopped
        found[f"{row.sha256} {row.language}"] = row
    return found


def _measured(missing: Sequence[Case], workers: int) -> Iterable[Row]:
    if workers <= 1:
        yield from map(_measure, missing)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_measure, missing, chunksize=32)


def _measure(case: Case) -> Row:
    data = case.path.read_bytes()
    began = time.process_time()
    features = features_of(observe(data, case.path.name))
    return Row(
        sha256=case.sha256,
        language=case.language,
        size=len(data),
        seconds=time.process_time() - began,
        features=dict(features),
    )
