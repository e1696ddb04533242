"""From a match to a finding: stable id, one line of plain words, the fields that explain it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from tocsin.detections.traces import with_traces
from tocsin.model.findings import Benign, Finding
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.rules import Head

CLIENT_FIELDS = ("c-ip", "ClientIpAddress", "SourceIp", "IpAddress")
"""Fields that hold the client's address, the first one that is filled counts."""
FORWARDED = "x-forwarded-for"
LONGEST_WORD = 200
"""Characters of a value in a summary."""
LONGEST_DETAIL = 4_096
"""Characters of a value among the details."""

_SLOT = re.compile(r"\{([^{}]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def finding_id(pack: str, rule: str, locator: Locator, time: datetime | None) -> str:
    """Give 16 hex digits that stay the same for the same evidence and pack."""
    stamp = time.isoformat() if time else ""
    words = "\0".join((pack, rule, str(locator), stamp))
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]


def filled(template: str, value_of: Callable[[str], str | None]) -> str:
    """Fill ``{Field}`` slots; an empty or absent field reads as ``-``."""
    return _SLOT.sub(lambda slot: shown(value_of(slot.group(1)) or "-", LONGEST_WORD), template)


def shown(value: str, longest: int) -> str:
    """Cut a value from the evidence and make its control characters visible, for it is not ours."""
    cut = value if len(value) <= longest else value[: longest - 1] + "…"
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", cut)


def client_of(fields: Mapping[str, str | None]) -> str | None:
    """Give the client's address of a record, or None."""
    return next((value for name in CLIENT_FIELDS if (value := fields.get(name))), None)


def details_of(record: Record, names: tuple[str, ...]) -> dict[str, str]:
    """Give the named fields that are filled, and the forwarded client."""
    wanted = dict.fromkeys((*names, FORWARDED))
    return {
        name: shown(value, LONGEST_DETAIL)
        for name in wanted
        if (value := record.fields.get(name)) is not None
    }


def finding_of(  # noqa: PLR0913 - one argument for every part of a finding that is not the record's
    record: Record,
    *,
    pack: str,
    rule: str,
    author: str,
    means: Means,
    weak: bool,
    summary: str,
    rung: str | None = None,
    details: dict[str, str] | None = None,
    benign: Benign | None = None,
) -> Finding:
    """Build the finding that a rule makes of a record, with the traces that the record adds."""
    found = Finding(
        id=finding_id(pack, rule, record.locator, record.time),
        rule=rule,
        author=author,
        means=means,
        weak=weak,
        rung=rung,
        time=record.time,
        locator=record.locator,
        summary=summary,
        source_ip=client_of(record.fields),
        kind=record.kind,
        url=record.fields.get("cs-uri-stem"),
        details=details or {},
        benign=benign,
    )
    return with_traces(found, record)


def summary_of(head: Head, value_of: Callable[[str], str | None]) -> str:
    """Give a rule's line about a record: its template filled, or its title."""
    return filled(head.summary, value_of) if head.summary else head.title


def rung_of(head: Head) -> str | None:
    """Give the step of the ladder that a match shows; an experimental rule shows none."""
    return None if head.status == "experimental" else head.rung
