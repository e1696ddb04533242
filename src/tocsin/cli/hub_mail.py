"""``tocsin hub mail``: set mail up, try it, take in what came back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data, open_hub

LARGEST = 1_000_000

mail_app = typer.Typer(no_args_is_help=True, help="Mail: set it up, try it, take in what came back.")


@mail_app.command("test")
def try_out(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who gets the test message.")],
    data: Data = DATA,
) -> None:
    """Send one test message at once. Prints its Message-ID, or says why the mail server did not take it."""
    open_hub(data)
    from tocsin.hub.outbox import commands

    typer.echo(commands.send_test(address))


@mail_app.command()
def keys(
    *,
    make: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Make a DKIM key in this file; one that is there is kept."),
    ] = None,
    webhook: Annotated[
        str, typer.Option(metavar="URL", help="Print the key that this webhook verifies signatures with.")
    ] = "",
    data: Data = DATA,
) -> None:
    """Say how mail is set up, and print the DNS record of the DKIM key."""
    open_hub(data)
    from tocsin.hub.outbox import commands

    if webhook:
        typer.echo(commands.webhook_key(webhook))
        return
    if make:
        commands.make_dkim_key(make)
    for line in commands.described(make):
        typer.echo(line)


@mail_app.command()
def bounces(
    where: Annotated[
        Path, typer.Argument(metavar="FILE|DIR|-", help="A message, an mbox, a maildir, or - for stdin.")
    ],
    data: Data = DATA,
) -> None:
    """Take in what came back: delivery reports mark messages and contacts. A repeat changes nothing."""
    given = sys.stdin.buffer.read(LARGEST) if str(where) == "-" else b""
    open_hub(data)
    from tocsin.hub.outbox import commands

    counts = commands.take_in_returns(None if str(where) == "-" else where, given)
    typer.echo(", ".join(f"{kind} {count:,}" for kind, count in sorted(counts.items())) or "nothing there")
