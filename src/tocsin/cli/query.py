"""``tocsin query``: a question in SQL, answered from a timeline."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.errors import UsageFault
from tocsin.timeline.questions import QUESTIONS

if TYPE_CHECKING:
    from tocsin.timeline.query import Answer

EXAMPLES = "\n\n".join(f"{asks}:\n\n  {sql}" for asks, sql in QUESTIONS)


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


def query(
    file: Annotated[
        Path,
        typer.Argument(help="What `tocsin timeline` wrote: .parquet or .jsonl.", show_default=False),
    ],
    sql: Annotated[
        str,
        typer.Argument(
            metavar="SQL",
            help="One SELECT over the view `timeline`, in DuckDB's SQL. Begin with: DESCRIBE timeline",
            show_default=False,
        ),
    ],
    *,
    shape: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="A table on a terminal, CSV elsewhere, or as the name of --output says, unless you choose.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the answer here.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    memory: Annotated[
        int, typer.Option(min=64, max=1_000_000, metavar="MB", help="Megabytes of memory at most.")
    ] = 2048,
    threads: Annotated[
        int, typer.Option(min=0, max=1024, help="Threads; 0 for as many as there are cores.")
    ] = 0,
) -> None:
    """Ask a timeline in SQL. It is only read: no other file, no network, no extension is within reach.

    Times are in UTC. A field that has no column is asked for as `fields->>'Name'`. Exit status 0; 2 if the
    question is wrong; 3 if the answer needs more memory than `--memory` allows.
    """
    from tocsin.timeline.drafts import check_target
    from tocsin.timeline.query import Bounds, asked

    if output is not None:
        check_target(output, force=force)
        if output.resolve() == file.resolve():
            raise UsageFault(
                "is the timeline itself.", where=str(output), remedy="Choose another name with --output."
            )
    chosen = shape or _usual(output)
    with asked(file, sql, bounds=Bounds(memory_mb=memory, threads=threads)) as answer:
        if output is not None:
            _write(answer, chosen, output)
        else:
            _print(answer, chosen)


def _usual(output: Path | None) -> Format:
    if output is None:
        return Format.TABLE if sys.stdout.isatty() else Format.CSV
    suffix = output.suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in {Format.JSON, Format.JSONL} else Format.CSV


def _print(answer: Answer, chosen: Format) -> None:
    from tocsin.cli.assess import console
    from tocsin.timeline.answers import FORMATS, show

    if chosen is Format.TABLE:
        show(answer, console())
        return
    for block in FORMATS[chosen](answer):
        sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()


def _write(answer: Answer, chosen: Format, output: Path) -> None:
    from rich.console import Console

    from tocsin.timeline.answers import FORMATS, show
    from tocsin.timeline.drafts import drafting

    with drafting(output) as (draft, _):
        if chosen is Format.TABLE:
            with draft.open("w", encoding="utf-8") as page:
                show(answer, Console(file=page, width=160))
        else:
            with draft.open("wb") as stream:
                stream.writelines(FORMATS[chosen](answer))
    typer.echo(f"wrote {output}", err=True)
