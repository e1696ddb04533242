"""Notices for programs: X-ARF 4.2, one JSON object a server.

Three of its types are written: ``vulnerability/cve``, ``infrastructure/compromised_server`` and
``content/remote_compromise``. The form is `data/xarf.schema.json`, made after the specification's published
examples. Nothing is invented: what the hub does not know is left out. Whether a message may carry any of it
is for `secrecy` to say.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.hub.rules.notices import Seen, plain

VERSION = "4.2.0"
SPACE = uuid.UUID("6f2a0f6e-8a53-5d39-9b0e-2f6e1f0c9a11")
"""Reports of one notice about one server (and one page of it) keep their number, however often written."""
MEDIA_TYPE = "application/json"


class Reporter(Struct, frozen=True, kw_only=True):
    """Who reports: a name, a mail address, and its domain."""

    org: str
    contact: str
    domain: str


class About(Struct, frozen=True, kw_only=True):
    """What every report of a notice shares."""

    reference: str
    campaign: str
    cves: tuple[str, ...]
    reporter: Reporter
    at: datetime


def vulnerability(about: About, seen: Seen) -> dict[str, Any]:
    """That a server can be broken into by the campaign's first vulnerability; the others stand as tags."""
    found = _shared(about, seen, "vulnerability", "cve") | {
        "evidence_source": "vulnerability_scan",
        "service": plain(about.campaign),
        "service_port": seen.port,
        "description": f"Open to {plain(about.campaign)} (reference {about.reference}).",
    }
    if about.cves:
        found["cve_id"] = about.cves[0]
    if seen.build:
        found["service_version"] = plain(seen.build, 60)
    return found


def compromised_server(about: About, seen: Seen) -> dict[str, Any]:
    """That somebody seems to have been inside."""
    kind = "webshell" if seen.shell else "unknown"
    found = _shared(about, seen, "infrastructure", "compromised_server") | {
        "evidence_source": "automated_discovery",
        "service": plain(about.campaign),
        "compromise_type": kind,
    }
    if seen.shell:
        found["first_seen"] = _moment(seen.shell)
    return found


def remote_compromise(about: About, seen: Seen, url: str) -> dict[str, Any]:
    """That a web shell answers at an address."""
    found = _shared(about, seen, "content", "remote_compromise", plain(url, 2000)) | {
        "evidence_source": "web_scan",
        "url": plain(url, 2000),
        "compromise_type": "webshell",
    }
    if about.cves:
        found["vulnerability_cve"] = about.cves[0]
    return found


def encoded(report: dict[str, Any]) -> str:
    """One report as a file: indented, keys as they were put in."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def _shared(about: About, seen: Seen, category: str, kind: str, place: str = "") -> dict[str, Any]:
    reporter = msgspec.to_builtins(about.reporter)
    name = f"{about.reference} {seen.server} {category}/{kind} {place}".strip()
    return {
        "xarf_version": VERSION,
        "report_id": str(uuid.uuid5(SPACE, name)),
        "timestamp": _moment(seen.day) if seen.day else _stamp(about.at),
        "reporter": reporter,
        "sender": reporter,
        "source_identifier": seen.ip,
        "source_port": seen.port,
        "category": category,
        "type": kind,
        "tags": [f"reference:{about.reference}", *(f"cve:{cve[4:]}" for cve in about.cves[1:20])],
    }


def _moment(day: date) -> str:
    return _stamp(datetime.combine(day, time(), UTC))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
