"""Open a hub's folder for a command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.errors import EnvironmentFault

Data = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder for all that the hub keeps.", envvar="TOCSIN_HUB_DATA")
]
DATA = Path("tocsin-hub")


def open_hub(data: Path) -> None:
    """Set Django up on the hub's folder; the first run makes the database and the first administrator.

    Raises:
        EnvironmentFault: the hub's packages are not installed.
    """
    try:
        from tocsin.hub.site import start
    except ImportError as error:
        what = "the hub's packages are not installed"
        raise EnvironmentFault(what, where=str(error.name), remedy="pip install 'tocsin[hub]'") from error
    password = start.prepare(data=data)
    if password:
        typer.echo(f"first administrator: {start.FIRST}\npassword (shown once): {password}", err=True)
