"""``tocsin hub``: what is done to a hub from the command line. A new command is a module and a line here."""

from __future__ import annotations

import typer

from tocsin.cli.hub_audit import audit
from tocsin.cli.hub_import import import_census

hub_app = typer.Typer(no_args_is_help=True, help="Import into a hub, verify its chain of events, keep it.")
hub_app.command("import")(import_census)
hub_app.command()(audit)


@hub_app.callback()
def _hub() -> None:
    """Import into a hub, verify its chain of events, keep it."""
