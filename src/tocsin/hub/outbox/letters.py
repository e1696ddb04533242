"""Letters: the text of a message laid out for paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from tocsin.errors import EnvironmentFault
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.surroundings import known


def laid_out(row: Message) -> dict[str, Any]:
    """What the template of a letter shows: sender, address, day, subject, text, reference."""
    return {
        "number": row.pk,
        "sender": known().name or "Tocsin",
        "address": row.address,
        "day": row.created,
        "subject": row.subject,
        "text": row.text,
        "language": row.language,
        "reference": row.message_id[1:13],
    }


def as_pdf(rows: Sequence[Message]) -> bytes:
    """Letters as one PDF, each beginning on a page of its own.

    Raises:
        EnvironmentFault: WeasyPrint is not installed.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an extra, and slow to load
    except (ImportError, OSError) as error:
        remedy = "pip install 'tocsin[pdf]', and your system's pango; or print the page."
        raise EnvironmentFault("PDF needs WeasyPrint.", where=str(error)[:200], remedy=remedy) from error
    css = (Path(settings.STATICFILES_DIRS[0]) / "hub" / "letters.css").read_text("utf-8")
    page = render_to_string(
        "outbox/letters_file.html", {"letters": [laid_out(row) for row in rows], "css": css}
    )
    return bytes(HTML(string=page, url_fetcher=_nothing).write_pdf() or b"")


def _nothing(url: str, *_rest: object, **_more: object) -> dict[str, object]:
    """Nothing is fetched for a letter."""
    raise ValueError(f"a letter needs nothing from elsewhere, not {url[:80]}")
