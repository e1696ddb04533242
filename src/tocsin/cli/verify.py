"""``tocsin verify``: what became of the web shells of an earlier assessment."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.assess import console
from tocsin.cli.options import MOST_PROCESSES, Custody, Quiet

if TYPE_CHECKING:
    from tocsin.model.verification import Verification


class Format(StrEnum):
    """How the answer is written."""

    TERMINAL = "terminal"
    JSON = "json"
    HTML = "html"


def verify(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="BEFORE.json",
            exists=True,
            dir_okay=False,
            help="What tocsin assess --json wrote of the server before.",
            show_default=False,
        ),
    ],
    evidence: Annotated[
        Path, typer.Argument(help="New evidence of the same server, collected later.", show_default=False)
    ],
    *,
    form: Annotated[
        Format, typer.Option("--format", help="How the answer is written, on standard output.")
    ] = Format.TERMINAL,
    same_server: Annotated[
        bool,
        typer.Option(
            "--same-server", help="Say that both are of the same server, where the evidence does not tell."
        ),
    ] = False,
    packs: Annotated[
        list[Path] | None,
        typer.Option("--packs", help="A further folder of campaign packs; may be given again."),
    ] = None,
    custody: Custody = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_PROCESSES, help="Processes that read.", show_default=False),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Verify that web shells were removed: each gets one answer, with where that is read.

    Answers: removal-evidenced, absent-on-disk, not-served-since, still-present, changed, reappeared,
    cannot-tell. The exit status: 0 all removal-evidenced or absent on disk and nothing new, 20 still present,
    changed, reappeared or new, 4 cannot tell; 2 wrong usage, 3 something is missing on this machine.
    """
    from tocsin.assessment.server import Request, load_knowledge, verify_evidence
    from tocsin.cli.progress import watching
    from tocsin.report.json_document import read_document

    earlier, digest = read_document(before)
    request = Request(evidence=evidence, custody=custody, workers=workers)
    with watching(quiet=quiet) as watch:
        found = verify_evidence(
            request, load_knowledge(packs or ()), earlier, digest=digest, attested=same_server, watch=watch
        )
    _print(found, form)
    raise typer.Exit(found.exit_status)


def _print(found: Verification, form: Format) -> None:
    if form is Format.TERMINAL:
        from tocsin.report.verification_terminal import show

        show(found, console())
        return
    if form is Format.JSON:
        from tocsin.report.json_document import encode

        document = encode(found)
    else:
        from tocsin.report.html import render_verification

        document = render_verification(found).encode()
    sys.stdout.buffer.write(document)
    sys.stdout.buffer.flush()
