"""How long an assessment took and how much of the logs had to be parsed: one line of JSON, for benchmarks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from tocsin.assessment.server import Request, Used
from tocsin.detections.scanning.engines import AUTOMATIC, NONE, installed


class Timings(Struct, frozen=True, kw_only=True):
    """What is printed.

    Attributes:
        engine: the one that searched logs of plain rows.
        workers: processes that read.
        bytes: of the evidence.
        seconds: from the opening of the evidence to the verdict.
        counted: rows of logs that were counted without being parsed.
        candidates: plain rows that were parsed all the same.
    """

    engine: str
    workers: int
    bytes: int
    seconds: float
    counted: int
    candidates: int


@contextmanager
def timing(request: Request, *, wanted: bool) -> Iterator[Callable[[Used], None] | None]:
    """Give what is told how evidence was read; print it at the end, if it is wanted and came to an end."""
    told: list[Used] = []
    start = time.monotonic()
    yield told.append if wanted else None
    for used in told:
        line = _timings(request, used, time.monotonic() - start)
        sys.stderr.write(msgspec.json.encode(line).decode() + "\n")


def _timings(request: Request, used: Used, seconds: float) -> Timings:
    engine = request.scanning.engine
    if engine == AUTOMATIC:
        engine = next(iter(installed()), NONE)
    return Timings(
        engine=engine,
        workers=used.crew.workers,
        bytes=used.bytes,
        seconds=round(seconds, 3),
        counted=used.scanned.plain - used.scanned.parsed,
        candidates=used.scanned.parsed,
    )
