"""``tocsin assess``: evidence in, verdict out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def assess(
    evidence: Annotated[
        Path,
        typer.Argument(
            help="What was collected from one server: a folder, a zip, or a single file.",
            show_default=False,
        ),
    ],
    *,
    json: Annotated[
        bool, typer.Option("--json", help="Print the assessment as JSON on standard output.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write assessment.json, report.html and findings.csv here."),
    ] = None,
) -> None:
    """Assess one server."""
    typer.echo(f"{evidence} {json} {output}")
