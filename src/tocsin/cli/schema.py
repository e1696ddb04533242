"""``tocsin schema``: print the JSON Schema of the assessment document."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Document(StrEnum):
    """The documents by name; ``tocsin.report.json_document`` has them."""

    ASSESSMENT = "assessment"
    VERIFICATION = "verification"


def schema(
    document: Annotated[
        Document, typer.Argument(help="Of which document: assessment or verification.")
    ] = Document.ASSESSMENT,
) -> None:
    """Print the JSON Schema of what `tocsin assess --json` or `tocsin verify --format json` writes."""
    from tocsin.report.json_document import Documents, schema_document

    typer.echo(schema_document(Documents(document)).decode("utf-8"), nl=False)
