"""``tocsin exercise nation``: a simulated constituency, and daily census snapshots of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def nation(
    scenario: Annotated[
        str,
        typer.Argument(
            help="demonstration, country, large-country, or a YAML file of your own.", show_default=False
        ),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="A new folder: gets constituency/, snapshots/, manifest.json, and the truth in truth/.",
            show_default=False,
        ),
    ],
    seed: Annotated[
        int, typer.Option(min=0, help="The chance. Equal seed and scenario give equal bytes.")
    ] = 1,
) -> None:
    """Make a nation: who owns which servers, and what scan services saw of them, day by day.

    Hand out all but `truth/`, which holds each server's states and every day's totals.
    """
    from tocsin.exercise.nation.library import load
    from tocsin.exercise.nation.making import make_nation

    made = make_nation(load(scenario), name=Path(scenario).stem, seed=seed, out=out, progress=_told)
    typer.echo(str(made.folder / "manifest.json"))


def _told(done: int, days: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\rday {done} of {days}", nl=done == days, err=True)
