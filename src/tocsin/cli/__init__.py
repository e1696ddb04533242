"""The command line: parse arguments, call, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tocsin import __version__
from tocsin.cli.assess import assess
from tocsin.cli.exercise import exercise_app
from tocsin.cli.hub import hub_app
from tocsin.cli.packs import packs_app
from tocsin.cli.query import EXAMPLES, query
from tocsin.cli.schema import schema
from tocsin.cli.serve import serve
from tocsin.cli.submit import submit
from tocsin.cli.timeline import timeline
from tocsin.cli.verify import verify
from tocsin.cli.webshells import webshells
from tocsin.errors import TocsinError

INTERRUPTED = 130
PIPE_CLOSED = 141


class _Left(Exception):
    """Somebody ended the run: no fault of the program, and nothing to trace."""

    def __init__(self, status: int, says: str = "") -> None:
        super().__init__(says)
        self.status = status
        self.says = says


class _Commands(TyperGroup):
    """Typer ends an interrupted command without a word and a closed pipe like a fault; not here."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            says = "stopped by you; nothing in the evidence was changed."
            raise _Left(INTERRUPTED, says) from None
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise
            raise _Left(PIPE_CLOSED) from None


app = typer.Typer(
    name="tocsin",
    cls=_Commands,
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
app.command()(verify)
app.command()(webshells)
app.command()(schema)
app.command()(timeline)
app.command(epilog=EXAMPLES)(query)
app.command()(serve)
app.command()(submit)
app.add_typer(packs_app, name="packs")
app.add_typer(exercise_app, name="exercise")
app.add_typer(hub_app, name="hub")


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
    except _Left as left:
        if left.says:
            typer.echo(f"tocsin: {left.says}", err=True)
        else:  # nobody reads on: what is left in the buffer must not be written when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(left.status)
