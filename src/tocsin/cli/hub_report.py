"""``tocsin hub report``: the situation report, as of now or of any past moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data, open_hub
from tocsin.errors import UsageFault


def report(
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Ends in .html, .pdf, .csv or .json.", show_default=False
        ),
    ],
    as_of: Annotated[
        str, typer.Option(metavar="TIME", help="As the hub knew it then (ISO 8601; UTC without an offset).")
    ] = "",
    campaign: Annotated[
        str, typer.Option(help="Key of the campaign; else the newest that has servers.")
    ] = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="Only what may be published: no figure from 1 to 4.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Write the situation report: curve, coverage, sectors, half-lives, queues, what nobody has seen."""
    moment = _moment(as_of)
    open_hub(data)
    from tocsin.hub.situation.commands import write_report

    write_report(out, campaign=campaign, as_of=moment, publish=publish)
    typer.echo(str(out))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "Give 2021-03-19 or 2021-03-19T14:00:00."
        raise UsageFault(f"{text!r} is no time.", where="--as-of", remedy=remedy) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
