"""Options that several commands share: the same words, the same bounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tocsin.evidence.limits import Limits

MOST_PROCESSES = 256
_ANY = 1e9
"""As good as no bound; infinity cannot be reckoned with."""
_LIMITS = "Bounds on untrusted evidence"

MaxFiles = Annotated[int | None, typer.Option(min=1, help="Files at most.", rich_help_panel=_LIMITS)]
MaxGib = Annotated[
    float | None,
    typer.Option(min=0.001, max=_ANY, help="GiB read at most, unpacked.", rich_help_panel=_LIMITS),
]
MaxMinutes = Annotated[
    float | None,
    typer.Option(min=0.01, max=_ANY, help="Minutes of reading at most.", rich_help_panel=_LIMITS),
]
Custody = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="custody.json, if it is not in the evidence: who collected it, when, who held it.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]


def limits_of(max_files: int | None, max_gib: float | None, max_minutes: float | None) -> Limits:
    """Give the usual bounds, with those changed that the reader asked for."""
    from msgspec.structs import replace

    from tocsin.evidence.limits import GIB, Limits

    limits = Limits()
    if max_files is not None:
        limits = replace(limits, files=max_files)
    if max_gib is not None:
        limits = replace(limits, total_bytes=int(max_gib * GIB))
    return limits if max_minutes is None else replace(limits, seconds=max_minutes * 60)
