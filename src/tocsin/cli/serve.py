"""``tocsin serve``: the hub, in one command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tocsin.errors import EnvironmentFault

MISSING = "the hub's packages are not installed"


def serve(
    *,
    data: Annotated[
        Path, typer.Option(help="Folder for all that the hub keeps.", envvar="TOCSIN_HUB_DATA")
    ] = Path("tocsin-hub"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Web processes.", min=1, max=64)] = 2,
    url: Annotated[
        str | None, typer.Option(help="Address that people use, behind a proxy.", envvar="TOCSIN_HUB_URL")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill a new hub with a simulated nation: four sources, forty days.")
    ] = False,
) -> None:
    """Run the hub: constituency, census, exposure, the national picture.

    The first run makes the folder, its secret, the database and the first administrator, whose password is
    shown once. SQLite by default; DATABASE_URL=postgresql://… for PostgreSQL.
    """
    try:
        from tocsin.hub.site import start
    except ImportError as error:
        raise EnvironmentFault(MISSING, where=str(error.name), remedy="pip install 'tocsin[hub]'") from error
    address = url or f"http://{'localhost' if host == '127.0.0.1' else _bracketed(host)}:{port}"
    password = start.prepare(data=data, url=address, hosts=_hosts(address, host))
    if password:
        typer.echo(f"first administrator: {start.FIRST}\npassword (shown once): {password}", err=True)
    if demo:
        _demonstrate(data)
    typer.echo(f"the hub is at {address} (data in {data.absolute()}); Ctrl-C stops it", err=True)
    start.serve(host=host, port=port, workers=workers)


def _demonstrate(data: Path) -> None:
    from tocsin.cli.demonstration import load_demonstration

    load_demonstration(data, _say)


def _say(what: str, done: int, whole: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{what}: {done} of {whole}   ", err=True, nl=done == whole)
    elif done in {0, whole}:
        typer.echo(f"{what}: {done} of {whole}", err=True)


def _hosts(address: str, host: str) -> str:
    """Give the names by which it may be asked: those of its address, and what TOCSIN_HUB_HOSTS adds."""
    name = urlsplit(address).hostname or host
    added = [one.strip() for one in os.environ.get("TOCSIN_HUB_HOSTS", "").split(",") if one.strip()]
    own = [_bracketed(name), _bracketed(host), "127.0.0.1", "localhost", "[::1]"]
    return ",".join(dict.fromkeys([*own, *added]))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
