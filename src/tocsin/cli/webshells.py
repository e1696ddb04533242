"""``tocsin webshells``: which of these files are web shells, do they live, and what shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tocsin.detections.webshells.examine import Examination
    from tocsin.detections.webshells.third_party import Match

FOUND = 20
"""Exit status when at least one file is a web shell, as for a compromised server."""
UNREAD = 4
"""Exit status when something could not be read and nothing was found in the rest."""


def webshells(
    paths: Annotated[
        list[Path],
        typer.Argument(
            exists=True, help="Files, folders or containers (zip, tar); read in place.", show_default=False
        ),
    ],
    *,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl", help="Print one JSON object for every file that holds code or that a server would run."
        ),
    ] = False,
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            "--rules", exists=True, help="A folder of further YARA rules; shown with author and licence."
        ),
    ] = None,
) -> None:
    """Find web shells by what their code can do, and tell live ones from inert ones.

    Ends with 20 if a shell was found, with 4 if something could not be read, else with 0.
    """
    from tocsin.cli.webshells_printing import json_line, lines

    flagged, unread = False, False
    for found, matches in _examined(paths, rules or []):
        if found is None:
            unread = True
            continue
        flagged = flagged or found.verdict == "shell"
        if jsonl and found.code:
            typer.echo(json_line(found, matches))
        elif not jsonl and (found.verdict != "clean" or matches):
            for line in lines(found, matches):
                typer.echo(line)
    if flagged or unread:
        raise typer.Exit(FOUND if flagged else UNREAD)


def _examined(paths: list[Path], rules: list[Path]) -> Iterator[tuple[Examination | None, tuple[Match, ...]]]:
    """Yield every file's examination; None for something that could not be read, which is said on stderr."""
    from tocsin.detections.webshells.examining import Examiner
    from tocsin.detections.webshells.third_party import AddedRules
    from tocsin.errors import EvidenceError
    from tocsin.evidence.opening import open_evidence

    added = [AddedRules(folder) for folder in rules]
    examiner = Examiner(added)
    for path in paths:
        try:
            with open_evidence(path) as evidence:
                yield from examiner.examine(evidence.sources(), under=path)
                for skipped in evidence.skipped:
                    typer.echo(f"tocsin: {skipped.path}: not read: {skipped.why}", err=True)
                    yield None, ()
        except EvidenceError as error:
            typer.echo(f"tocsin: {error}", err=True)
            yield None, ()
    for problem in (problem for one in added for problem in one.problems):
        typer.echo(f"tocsin: {problem}", err=True)
