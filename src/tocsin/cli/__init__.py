"""The command line: parse arguments, call, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tocsin import __version__
from tocsin.cli.assess import assess
from tocsin.cli.exercise import exercise_app
from tocsin.cli.packs import packs_app
from tocsin.cli.schema import schema
from tocsin.errors import TocsinError

app = typer.Typer(
    name="tocsin",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Evidence from a server in, a verdict out: vulnerable? attacked, and did it work? "
        "what is left? how far back can we see? what now?"
    ),
    epilog="Start with: tocsin assess EVIDENCE. The first hour: docs/first-hour.md.",
)
app.command()(assess)
app.command()(schema)
app.add_typer(packs_app, name="packs")
app.add_typer(exercise_app, name="exercise")


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"tocsin {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; one clear line on standard error for every foreseen error."""
    try:
        app()
    except TocsinError as error:
        typer.echo(f"tocsin: {error}", err=True)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        typer.echo("tocsin: stopped by you; nothing in the evidence was changed.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
