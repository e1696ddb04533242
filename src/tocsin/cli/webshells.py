"""``tocsin webshells``: which of these files are web shells, do they live, and what shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tocsin.detections.webshells.examine import Examination
    from tocsin.detections.webshells.examining import Examiner
    from tocsin.detections.webshells.third_party import Match
    from tocsin.model.coverage import Skipped

FOUND = 20
"""Exit status when at least one file is a web shell, as for a compromised server."""
UNREAD = 4
"""Exit status when something could not be read and nothing was found in the rest."""


def webshells(
    paths: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            help="Files, folders or containers (zip, gz, zst); read in place.",
            show_default=False,
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
        unread = unread or found is None or bool(found.limits)
        if found is None:
            continue
        flagged = flagged or found.verdict == "shell"
        if jsonl and (found.code or found.verdict != "clean"):
            typer.echo(json_line(found, matches))
        elif not jsonl and (found.verdict != "clean" or matches):
            for line in lines(found, matches):
                typer.echo(line)
    if flagged or unread:
        raise typer.Exit(FOUND if flagged else UNREAD)


def _examined(paths: list[Path], rules: list[Path]) -> Iterator[tuple[Examination | None, tuple[Match, ...]]]:
    """Yield every file's examination; None for a place in which nothing could be read, told on stderr."""
    from tocsin.detections.webshells.examining import Examiner
    from tocsin.detections.webshells.third_party import AddedRules
    from tocsin.errors import EvidenceError
    from tocsin.evidence.folder import shown
    from tocsin.evidence.opening import open_evidence
    from tocsin.model.coverage import Skipped

    added = [AddedRules(folder) for folder in rules]
    examiner = Examiner(added)
    for path in paths:
        try:
            with open_evidence(path) as evidence:
                sources = (source for entry in evidence.in_turn() for source in evidence.give(entry))
                yield from examiner.examine(sources, under=path)
                yield from _left(examiner, evidence.skipped, path)
        except EvidenceError as error:
            typer.echo(f"tocsin: {error}", err=True)
            whole = [Skipped(path=shown(path.name), why=error.what)] if path.is_file() else []
            yield from examiner.left(whole, under=path)
            yield None, ()
    for problem in (problem for one in added for problem in one.problems):
        typer.echo(f"tocsin: {problem}", err=True)


def _left(
    examiner: Examiner, skipped: Sequence[Skipped], path: Path
) -> Iterator[tuple[Examination, tuple[Match, ...]]]:
    """Yield what is known of files that were left out; what they are and why is said on stderr as well."""
    for one in skipped:
        typer.echo(f"tocsin: {one.path}: not read: {one.why}", err=True)
    yield from examiner.left(skipped, under=path)
