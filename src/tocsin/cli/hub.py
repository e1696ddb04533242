"""``tocsin hub``: what is done to a hub from the command line. A new command: one module, one line here."""

from __future__ import annotations

import typer

from tocsin.cli.hub_audit import audit
from tocsin.cli.hub_backup import backup, new_key, restore
from tocsin.cli.hub_directive import directive_app
from tocsin.cli.hub_import import import_census
from tocsin.cli.hub_lists import kev, organisations
from tocsin.cli.hub_mail import mail_app
from tocsin.cli.hub_report import report
from tocsin.cli.hub_user import user_app

hub_app = typer.Typer(no_args_is_help=True, help="Import into a hub, verify its chain of events, keep it.")
hub_app.command("import")(import_census)
hub_app.command()(audit)
hub_app.command()(organisations)
hub_app.command()(kev)
hub_app.command()(backup)
hub_app.command()(report)
hub_app.command()(restore)
hub_app.command("key")(new_key)
hub_app.add_typer(user_app, name="user")
hub_app.add_typer(mail_app, name="mail")
hub_app.add_typer(directive_app, name="directive")


@hub_app.callback()
def _hub() -> None:
    """Import into a hub, verify its chain of events, keep it."""
