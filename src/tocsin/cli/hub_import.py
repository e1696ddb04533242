"""``tocsin hub import``: take census files in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data, open_hub
from tocsin.errors import UsageFault

if TYPE_CHECKING:
    from tocsin.hub.census.models import Snapshot

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Census files, plain or gzip.", exists=True)
]


def import_census(
    files: Files,
    *,
    source: Annotated[
        str, typer.Option(help="Key of who looked; needed where the layout does not tell.")
    ] = "",
    taken: Annotated[
        str,
        typer.Option(metavar="DATE", help="Day, or ISO 8601 time; else the file's name tells."),
    ] = "",
    scope: Annotated[
        str,
        typer.Option(
            help="What was covered: `all`, or networks, !networks, port:443, country:GB, "
            "check:cve-2021-26855. Without it, not being listed means nothing."
        ),
    ] = "",
    method: Annotated[str, typer.Option(help="How it looked, with its version.")] = "",
    succeeds: Annotated[
        list[str] | None, typer.Option(metavar="METHOD", help="An earlier method that this one continues.")
    ] = None,
    layout: Annotated[str, typer.Option(help="Key of the layout; else it is recognised.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A layout of your own, as YAML.", exists=True)] = None,
    lists_all: Annotated[
        bool | None,
        typer.Option("--lists-all/--lists-vulnerable", help="Who is listed."),
    ] = None,
    data: Data = DATA,
) -> None:
    """Take census files in: servers, what was seen of them, where each stands. A repeat does nothing."""
    moment = _moment(taken)
    open_hub(data)
    from tocsin.hub.census.services import Terms, import_file

    terms = Terms(
        source=source,
        taken=moment,
        scope=scope or None,
        method=method,
        succeeds=tuple(succeeds or ()),
        lists_all=lists_all,
        layout=layout,
        mapping=mapping,
        given_by="command line",
    )
    for path in files:
        _say(path, import_file(path, terms, progress=_progress(path)))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageFault(f"{text!r} is no day.", where="--taken", remedy="Give YYYY-MM-DD.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _progress(path: Path) -> Callable[[Snapshot], None]:
    def show(snapshot: Snapshot) -> None:
        if sys.stderr.isatty():
            share = snapshot.consumed * 100 // max(snapshot.size, 1)
            typer.echo(
                f"\r{path.name}: {snapshot.state}, {snapshot.rows:,} rows, {share} %   ", err=True, nl=False
            )

    return show


def _say(path: Path, snapshot: Snapshot) -> None:
    if sys.stderr.isatty():
        typer.echo("", err=True)
    typer.echo(
        f"{path.name}: {snapshot.source.name}, {snapshot.taken:%Y-%m-%d}, {snapshot.state}:"
        f" {snapshot.rows:,} rows, {snapshot.other:,} about other things, {snapshot.refused:,} refused"
    )
    for line, why in snapshot.refusals[:10]:
        typer.echo(f"  {path.name}:{line}: {why}", err=True)
    if snapshot.fault:
        typer.echo(f"  {snapshot.fault}", err=True)
    if not snapshot.scope:
        typer.echo("  no --scope: that a server is not listed will mean nothing", err=True)
