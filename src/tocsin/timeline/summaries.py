"""One line that says what a record is, for the reader who scrolls. No judgement is made here.

Requests repeat method, path and status only: a line that repeats costs a columnar file nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.model.records import Record

LONGEST = 200
_TELLING = ("Message", "CommandLine", "Image", "Data", "Text", "Path", "FileVersion", "EventData", "File")


def summary(record: Record, row: Mapping[str, object]) -> str:
    """Give at most ``LONGEST`` characters on one line.

    Args:
        record: what to summarise.
        row: its columns as far as they are filled.
    """
    cmdlet = record.fields.get("Cmdlet")
    if cmdlet:
        return one_line(f"{cmdlet} {record.fields.get('Parameters') or ''}")
    url = row.get("url")
    if url is not None:
        return one_line(f"{row.get('method', '')} {url} {row.get('status', '')}")
    said = next((text for text in map(record.fields.get, _TELLING) if text), None)
    if "event_id" in row or "provider" in row:
        return one_line(f"{row.get('provider', record.kind)} {row.get('event_id', '')}: {said or ''}")
    return one_line(said or _pairs(record))


def one_line(text: str) -> str:
    """Give the text with every run of white space as one space, cut at ``LONGEST`` characters."""
    plain = " ".join(text[: 4 * LONGEST].split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _pairs(record: Record) -> str:
    said = [f"{name}={value}" for name, value in record.fields.items() if value][:4]
    return ", ".join(said) or record.kind
