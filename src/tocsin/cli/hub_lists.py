"""``tocsin hub organisations`` and ``tocsin hub kev``: take in lists of owners and the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data, open_hub
from tocsin.errors import UsageFault

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to take in.")]


def organisations(
    file: File,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="What the table calls a column; may be repeated."),
    ] = None,
    *,
    complete: Annotated[
        bool, typer.Option(help="End claims of this source that the file no longer lists.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, and change nothing.")] = False,
    data: Data = DATA,
) -> None:
    """Take in organisations: a CSV table, the .gov list, RDAP answers or abuse contacts as JSON."""
    mapping = dict(_pair(text) for text in column or ())
    content = _content(file)
    open_hub(data)
    from tocsin.hub.constituency import importing

    if dry_run:
        would = importing.plan(importing.read(content, mapping=mapping), complete=complete)
        counts, refusals = would.counts, [f"line {row.line}: {row.why}" for row in would.listing.refusals]
    else:
        done = importing.take_in(content, file.name, by=None, mapping=mapping, complete=complete)
        counts, refusals = done.counts, [f"line {row['line']}: {row['why']}" for row in done.refusals]
    for text in refusals[:20]:
        typer.echo(f"refused, {text}", err=True)
    typer.echo(", ".join(f"{name} {count:,}" for name, count in counts.items()))


def kev(file: File, data: Data = DATA) -> None:
    """Take in the catalogue of known exploited vulnerabilities (JSON)."""
    content = _content(file)
    open_hub(data)
    from tocsin.hub.campaigns.services import import_catalogue

    taken = import_catalogue(content, by=None)
    for text in taken.refused[:20]:
        typer.echo(f"refused, {text}", err=True)
    typer.echo(
        f"{taken.rows:,} rows: {taken.new:,} new, {taken.changed:,} changed; "
        f"{taken.due_before_added} due before they were added, flagged"
    )


def _pair(text: str) -> tuple[str, str]:
    ours, middle, theirs = text.partition("=")
    if not middle or not ours.strip() or not theirs.strip():
        raise UsageFault(f"{text!r} maps no column", remedy="Write: --column name=Behörde")
    return ours.strip(), theirs.strip()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageFault(f"the file cannot be read: {error.strerror}", where=str(path)) from error
