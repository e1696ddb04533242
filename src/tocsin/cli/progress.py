"""Progress on standard error: bytes, rate, time left. Nothing where nobody watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tocsin.assessment.server import Watch
from tocsin.evidence.opening import Evidence
from tocsin.report.untrusted import visible

_LONGEST_NAME = 32
_REFRESH = 0.1
"""Seconds between changes: the terminal shows no more, and files may be many."""


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch | None]:
    """Give what ``assess_evidence`` calls; None where standard error is no terminal, or when quiet."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _watch(progress)


def _watch(progress: Progress) -> Watch:
    def watch(evidence: Evidence) -> Callable[[str, int], None]:
        task = progress.add_task("reading", total=evidence.total_bytes)
        left, pending, last = evidence.total_bytes, 0, 0.0

        def advance(path: str, size: int) -> None:
            nonlocal left, pending, last
            left, pending = left - size, pending + size
            now = time.monotonic()
            if now - last >= _REFRESH or left <= 0:
                name = path.rpartition("/")[2]
                progress.update(task, advance=pending, description=visible(name[:_LONGEST_NAME]))
                pending, last = 0, now

        return advance

    return watch
