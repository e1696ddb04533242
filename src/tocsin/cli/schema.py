"""``tocsin schema``: print the JSON Schema of the assessment document."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON Schema of what `tocsin assess --json` writes."""
    from tocsin.report.json_document import schema_document

    typer.echo(schema_document().decode("utf-8"), nl=False)
