"""``tocsin timeline``: every record of the evidence in one file, to look further."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.options import MaxFiles, MaxGib, MaxMinutes, limits_of
from tocsin.errors import UsageFault

if TYPE_CHECKING:
    from tocsin.timeline.reading import Written

_CHOICE = "What to write"
_TOLD = 20
"""Files that were not read, by name."""
NOT_ALL_READ = 4


def timeline(
    evidence: Annotated[
        Path,
        typer.Argument(
            help="What was collected from one server: a folder, a zip, or a single file.", show_default=False
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write: .parquet (small, for `tocsin query`) or .jsonl (for Timesketch).",
            show_default=False,
        ),
    ],
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--kinds",
            help="Only records of this kind, such as iis.w3c or event.*; may be given again.",
            rich_help_panel=_CHOICE,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="Only rows from this moment on, in UTC: 2021-02-28 or 2021-02-28T18:00. "
            "Rows without a time stay.",
            rich_help_panel=_CHOICE,
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="TIME", help="Only rows before this moment, likewise.", rich_help_panel=_CHOICE
        ),
    ] = None,
    findings: Annotated[
        Path | None,
        typer.Option(
            "--findings",
            metavar="FILE",
            help="assessment.json of the same evidence: rows that its findings point at say so "
            "in the columns rules and means.",
            rich_help_panel=_CHOICE,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no summary on standard error.")
    ] = False,
    max_files: MaxFiles = None,
    max_gib: MaxGib = None,
    max_minutes: MaxMinutes = None,
) -> None:
    """Write every record of the evidence, normalised, as one table: Parquet, or JSON lines for Timesketch.

    Nothing is lost: what has no column stands in `fields`, and lines that could not be parsed are rows too.
    Rows stand in the order in which they were read: `ORDER BY time` when you ask. The file appears whole or
    not at all. Exit status 0; 4 if a file of the evidence could not be read, or not to its end.
    """
    from tocsin.cli.progress import watching
    from tocsin.timeline.drafts import check_target
    from tocsin.timeline.marks import read_marks
    from tocsin.timeline.reading import Request, Selection, write_timeline
    from tocsin.timeline.writing import check_suffix

    check_suffix(output)
    check_target(output, force=force, apart_from=evidence)  # before the hours that reading may take
    selection = Selection(kinds=tuple(kinds or ()), start=_moment(since), end=_moment(until))
    marks = read_marks(findings) if findings else None
    limits = limits_of(max_files, max_gib, max_minutes)
    request = Request(evidence=evidence, target=output, limits=limits, selection=selection)
    with watching(quiet=quiet) as watch:
        written = write_timeline(request, marks=marks, watch=watch)
    if not quiet:
        _tell(written, output)
    if written.skipped or not (written.rows or written.left_out):
        raise typer.Exit(NOT_ALL_READ)


def _moment(text: str | None) -> datetime | None:
    from tocsin.model.times import parse_utc

    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = parse_utc(text)
    else:
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment is None:
        raise UsageFault(f"no moment: {text!r}.", remedy="Give 2021-02-28 or 2021-02-28T18:00, in UTC.")
    return moment


def _tell(written: Written, output: Path) -> None:
    from tocsin.report.untrusted import visible

    unreadable = sum(row.unreadable for row in written.coverage)
    lost = sum(row.lost for row in written.coverage)
    size = output.stat().st_size / 1e6
    lines = [f"wrote {output}: {written.rows:,} rows, {size:,.1f} MB"]
    if unreadable:
        lines.append(f"lines that could not be parsed, kept as rows (item = 'unreadable'): {unreadable:,}")
    if lost:
        lines.append(f"entries known to have existed that are lost (item = 'lost'): {lost:,}")
    if written.left_out:
        lines.append(f"left out as you asked: {written.left_out:,} rows")
    if written.unmet:
        lines.append(f"places of findings that no row stands for: {written.unmet:,}")
    lines += [f"note: {note}" for note in written.notes]
    lines += [f"not read, or not to its end: {one.path}: {one.why}" for one in written.skipped[:_TOLD]]
    if len(written.skipped) > _TOLD:
        lines.append(f"and {len(written.skipped) - _TOLD:,} more that were not read")
    for line in lines:
        typer.echo(visible(line), err=True)
