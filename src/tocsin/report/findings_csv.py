"""Findings as CSV for a spreadsheet: one row a finding, nothing that a spreadsheet would run.

A cell that a spreadsheet would read as a formula gets an apostrophe in front; characters that act are
shown as escapes. Columns keep their order from version to version; new ones come last.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from tocsin.model.findings import Finding
from tocsin.model.verdicts import Assessment, Verdict
from tocsin.report.untrusted import defang, visible
from tocsin.report.view import iso

COLUMNS = (
    "campaign",
    "time",
    "means",
    "rung",
    "rule",
    "author",
    "weak",
    "benign",
    "source_ip",
    "summary",
    "path",
    "line",
    "record",
    "offset",
    "kind",
    "url",
    "id",
    "content",
    "score",
    "can",
    "sha256",
)

_STARTS = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\\t", "\\r", "\\n")


def encode(assessment: Assessment) -> bytes:
    """Give the table: UTF-8 with a mark (spreadsheets ask for one), CRLF, every cell quoted."""
    page = io.StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for verdict in assessment.verdicts:
        writer.writerows(_rows(verdict))
    return page.getvalue().encode("utf-8-sig")


def _rows(verdict: Verdict) -> Iterator[list[str]]:
    for finding in sorted(verdict.findings, key=lambda each: each.order):
        yield [cell(value) for value in (verdict.campaign, *_values(finding))]


def _values(finding: Finding) -> tuple[str, ...]:
    place = finding.locator
    numbers = ("" if number is None else str(number) for number in (place.line, place.record, place.offset))
    return (
        iso(finding.time) if finding.time else "",
        finding.means.value,
        finding.rung or "",
        finding.rule,
        finding.author,
        "weak" if finding.weak else "",
        f"{finding.benign.rule}: {finding.benign.why}" if finding.benign else "",
        finding.source_ip or "",
        defang(finding.summary),
        place.path,
        *numbers,
        finding.kind,
        defang(finding.url or ""),
        finding.id,
        *(finding.details.get(name, "") for name in ("content", "score", "can", "Sha256")),
    )


def cell(value: str) -> str:
    """Give the text as a cell that no spreadsheet runs."""
    shown = visible(value)
    return f"'{shown}" if shown.lstrip(" '\"").startswith(_STARTS) else shown
