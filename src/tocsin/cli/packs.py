"""``tocsin packs``: list, check, show and start campaign packs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

packs_app = typer.Typer(no_args_is_help=True, help="List, check, show and start campaign packs.")


@packs_app.callback()
def _packs() -> None:
    """List, check, show and start campaign packs."""


@packs_app.command()
def lint(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Packs, or folders of packs.")
    ] = None,
) -> None:
    """Check packs: schema, references, and every rule against its own examples."""
    from tocsin.detections.proofs import examine  # noqa: PLC0415 - heavy imports wait
    from tocsin.packs.loading import data_folder, find_packs  # noqa: PLC0415

    folders = find_packs(paths or [data_folder("campaigns")])
    problems = [problem for folder in folders for problem in examine(folder)]
    for problem in problems:
        typer.echo(str(problem))
    spoken = "no problems" if not problems else f"{len(problems)} problems"
    typer.echo(f"{len(folders)} packs, {spoken}.", err=True)
    if problems:
        raise typer.Exit(2)
