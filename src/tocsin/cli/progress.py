"""Progress on standard error: bytes, rate, time left. Nothing where nobody watches."""

from __future__ import annotations

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
from tocsin.evidence.source import Source
from tocsin.report.untrusted import visible

_LONGEST_NAME = 32


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
    def watch(evidence: Evidence) -> Callable[[Source], None]:
        task = progress.add_task("reading", total=evidence.total_bytes)

        def advance(source: Source) -> None:
            progress.update(task, advance=source.size, description=visible(source.name[:_LONGEST_NAME]))

        return advance

    return watch
