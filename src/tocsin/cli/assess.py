"""``tocsin assess``: evidence in, verdict out."""

from __future__ import annotations

import errno
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.options import MOST_PROCESSES, Custody, MaxFiles, MaxGib, MaxMinutes, Quiet, limits_of
from tocsin.cli.sizes import bytes_of
from tocsin.errors import UsageFault

if TYPE_CHECKING:
    from rich.console import Console

    from tocsin.model.verdicts import Assessment

_CHOICE = "What to look for"
_MACHINE = "This machine"


class Engine(StrEnum):
    """The engines by name; ``tocsin.detections.scanning.engines`` has them."""

    AUTO = "auto"
    HYPERSCAN = "hyperscan"
    YARA_X = "yara-x"
    NONE = "none"


def assess(
    evidence: Annotated[
        Path,
        typer.Argument(
            help="What was collected from one server: a folder, a zip (read in place), or a single file. "
            "Laid out as a disk, as KAPE or Velociraptor leave it, or just loose logs.",
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
    detail: Annotated[
        bool, typer.Option("--detail", "-d", help="After the answer print everything: every path:line.")
    ] = False,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Replace mail addresses, user names, internal hosts and addresses, the same value "
            "always by the same token: for reports that leave the house.",
        ),
    ] = False,
    campaign: Annotated[
        list[str] | None,
        typer.Option(
            "--campaign", "-c", help="Only this campaign; may be given again.", rich_help_panel=_CHOICE
        ),
    ] = None,
    packs: Annotated[
        list[Path] | None,
        typer.Option(
            "--packs", help="A further folder of campaign packs; may be given again.", rich_help_panel=_CHOICE
        ),
    ] = None,
    custody: Custody = None,
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", help="Do without the compiled packs that earlier runs kept."),
    ] = False,
    quiet: Quiet = False,
    max_files: MaxFiles = None,
    max_gib: MaxGib = None,
    max_minutes: MaxMinutes = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_PROCESSES,
            help="Processes that read; the answer is the same. Without it as many as there are cores for, up"
            " to 8, and fewer for little evidence; 1 reads in this process alone.",
            rich_help_panel=_MACHINE,
            show_default=False,
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="What all processes together may hold, such as 500MB or 2GB; at least 220MB.",
            rich_help_panel=_MACHINE,
        ),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="What searches logs: the answer is the same; none reads every line, slowly.",
            rich_help_panel=_MACHINE,
        ),
    ] = Engine.AUTO,
    timings: Annotated[
        bool,
        typer.Option(
            "--timings",
            help="Print on standard error, as one line of JSON, how long it took and how much was read.",
            rich_help_panel=_MACHINE,
        ),
    ] = False,
) -> None:
    """Assess one server: vulnerable? attacked, and did it work? what is left? what now?

    The evidence is only read, never written to or run. The exit status tells a script the answer:
    20 compromised, 15 exploited, 10 vulnerable or unpatched behind a mitigation, 4 undetermined
    (evidence missing or unreadable), 11 targeted only, 0 nothing seen where it would be seen;
    2 wrong usage, 3 something is missing on this machine.
    """
    if json and detail:
        raise UsageFault("--json and --detail exclude each other.", remedy="The JSON holds every detail.")
    from tocsin.assessment.server import Request, assess_evidence, load_knowledge
    from tocsin.cli.progress import watching
    from tocsin.cli.timings import timing
    from tocsin.detections.crew.holding import hold_to
    from tocsin.detections.crew.sizing import ALONE
    from tocsin.detections.scanning.lanes import Scanning
    from tocsin.packs.cache import OFF, VARIABLE

    if no_cache:
        os.environ[VARIABLE] = OFF  # for processes that this one starts, too
    if output is not None:
        from tocsin.report.writing import check_folder

        check_folder(output, evidence=evidence)  # before the hours that reading may take
    knowledge = load_knowledge(packs or (), campaign or ())
    held = bytes_of(memory) if memory else None
    if held is not None:
        hold_to(max(held, ALONE))  # less is refused, in words, before anything is read
    request = Request(
        evidence=evidence,
        limits=limits_of(max_files, max_gib, max_minutes),
        custody=custody,
        scanning=Scanning(engine=engine),
        workers=workers,
        memory=held,
    )
    with watching(quiet=quiet) as watch, timing(request, wanted=timings) as used:
        assessment = assess_evidence(request, knowledge, watch=watch, used=used)
    _print(_redacted(assessment) if redact else assessment, evidence, output, json=json, detail=detail)
    raise typer.Exit(assessment.exit_status)


def _redacted(assessment: Assessment) -> Assessment:
    from tocsin.report.redaction import redact

    return redact(assessment)


def _print(assessment: Assessment, evidence: Path, output: Path | None, *, json: bool, detail: bool) -> None:
    from tocsin.report.json_document import encode
    from tocsin.report.terminal import show

    written = _written(assessment, output, evidence) if output else []
    if json:
        sys.stdout.buffer.write(encode(assessment))
        sys.stdout.buffer.flush()
    else:
        show(assessment, console(), detail=detail)
    for path in written:
        typer.echo(f"wrote {path}", err=True)


def _written(assessment: Assessment, output: Path, evidence: Path) -> list[Path]:
    from tocsin.report.writing import write_all

    return write_all(assessment, output, evidence=evidence)


def console() -> Console:
    """Give standard output; rich would end the run with 1 when its reader has gone."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    return Output()
