"""``tocsin hub audit``: is the chain of events whole? Needs no running hub, and none of its packages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data

if TYPE_CHECKING:
    from tocsin.hub.rules.chain import Chained

BROKEN = 1


def audit(
    *,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Exported events, or a copy of the database's file.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the events out, one JSON a line.")
    ] = None,
    expect: Annotated[
        str, typer.Option(metavar="DIGEST", help="A head noted earlier: it must still stand in the chain.")
    ] = "",
    data: Data = DATA,
) -> None:
    """Verify that no event was changed, removed or put in between. Exit 1 if one was.

    Prints the number of events and the chain's head. Note both elsewhere: a chain alone cannot show that its
    end was cut off.
    """
    from tocsin.hub.exposure import audit as reading
    from tocsin.hub.rules.chain import verify

    if export:
        typer.echo(f"{reading.export(_events(file, data), export):,} events written to {export}", err=True)
    heads: set[str] = set()
    result = verify(_noted(_events(file, data), expect.lower(), heads))
    for problem in result.problems:
        typer.echo(problem, err=True)
    if expect and not heads:
        typer.echo("the head that was expected does not stand in this chain", err=True)
    sound = result.sound and (not expect or bool(heads))
    typer.echo(f"{'sound' if sound else 'BROKEN'}: {result.events:,} events, head {result.head}")
    if not sound:
        raise typer.Exit(BROKEN)


def _noted(events: Iterator[Chained], expected: str, heads: set[str]) -> Iterator[Chained]:
    for event in events:
        if event.digest == expected:
            heads.add(expected)
        yield event


def _events(file: Path | None, data: Path) -> Iterator[Chained]:
    from tocsin.hub.exposure import audit as reading

    if file is not None:
        return reading.from_sqlite(file) if reading.is_database(file) else reading.from_lines(file)
    if address := os.environ.get("DATABASE_URL"):
        return reading.from_postgresql(address)
    return reading.from_sqlite(data / "hub.sqlite3")
