"""``tocsin packs``: list, check, show and start campaign packs."""

from __future__ import annotations

import typer

packs_app = typer.Typer(no_args_is_help=True, help="List, check, show and start campaign packs.")


@packs_app.callback()
def _packs() -> None:
    """List, check, show and start campaign packs."""
