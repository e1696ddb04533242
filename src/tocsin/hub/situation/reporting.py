"""The situation report: one HTML file that needs no other, PDF, and the same figures as CSV and JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.template.loader import render_to_string

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.situation import selectors, shown, tables
from tocsin.hub.situation.figures import Situation, situation

FORMS = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def found_as_of(campaign: Campaign, moment: datetime | None) -> Situation | None:
    """The picture as it is kept, or as the hub knew it at a past moment.

    Raises:
        UsageFault: the moment lies outside the calendar, once its time zone is taken off.
    """
    if moment is None:
        return selectors.current(campaign)
    try:
        return situation(campaign, as_of=moment.astimezone(UTC))
    except OverflowError as error:
        raise UsageFault(f"{moment} is no time of a census.", where="as_of") from error


def body(found: Situation | None) -> dict[str, Any]:
    """What the report's template shows."""
    if found is None:
        return {"found": None}
    return {
        "found": found,
        "figures": shown.figures(found),
        "queues": shown.queues(found),
        "curve": shown.curve_chart(found),
        "curve_grid": shown.curve_grid(found),
        "survival": shown.survival_chart(found),
        "half_lives": shown.half_life_rows(found),
        "unseen": shown.unseen_words(found),
        "grids": [shown.parts_grid(found, dimension) for dimension in shown.DIMENSIONS],
        "newest_look": _newest_look(found),
    }


def written(found: Situation, form: str) -> bytes:
    """The report in one of `FORMS`. Equal figures give equal bytes, but for PDF."""
    if form == "csv":
        return tables.as_csv(found).encode()
    if form == "json":
        plain = msgspec.to_builtins(found, str_keys=True)
        return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1) + b"\n"
    page = render_to_string("situation/report_file.html", {**body(found), "css": style()})
    return _pdf(page) if form == "pdf" else page.encode()


def _newest_look(found: Situation) -> str:
    if not found.looked:
        return ""
    day, looked = max(found.looked.items())
    return (
        f"On {day}, {looked.covered:,} of {looked.known:,} known servers ({looked.share:.0%}) were looked at."
    )


@lru_cache(maxsize=1)
def style() -> str:
    """The report's own style sheet."""
    folder = Path(settings.STATICFILES_DIRS[0]) / "hub"
    return (folder / "report.css").read_text(encoding="utf-8")


def _pdf(page: str) -> bytes:
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an extra, and slow to load
    except (ImportError, OSError) as error:
        remedy = "pip install 'tocsin[pdf]', and your system's pango; or print the HTML."
        raise EnvironmentFault("PDF needs WeasyPrint.", where=str(error)[:200], remedy=remedy) from error
    return bytes(HTML(string=page, url_fetcher=_nothing).write_pdf() or b"")


def _nothing(url: str, *_rest: object, **_more: object) -> dict[str, object]:
    """Nothing is fetched for a report."""
    raise ValueError(f"a report needs nothing from elsewhere, not {url[:80]}")
