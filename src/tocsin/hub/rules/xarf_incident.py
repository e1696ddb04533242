"""An incident as X-ARF 4.2 reports, one for each affected server (see `xarf` for the form).

X-ARF is about an address: without the victim's servers there is nothing to write. It has no place for a mark
of the Traffic Light Protocol, so the mark goes along as a tag.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from tocsin.errors import UsageFault
from tocsin.hub.rules.incident_shared import Shared
from tocsin.hub.rules.notices import plain
from tocsin.hub.rules.tlp import Way, demand
from tocsin.hub.rules.xarf import VERSION, Reporter

Json = dict[str, Any]


def reports(shared: Shared, reporter: Reporter) -> list[Json]:
    """The reports; written twice they are the same.

    Raises:
        UsageFault: it is TLP:RED, which leaves in no export; or it names no server.
    """
    demand(shared.tlp, Way.EXPORT)
    if not shared.addresses:
        what = "X-ARF is about servers, and this names none"
        raise UsageFault(what, remedy="Link the report to its servers, and let the victim be named.")
    ports = shared.ports or (None,) * len(shared.addresses)
    each = dict.fromkeys(zip(shared.addresses, ports, strict=True))
    return [_report(shared, reporter, address, port) for address, port in each]


def _report(shared: Shared, reporter: Reporter, address: str, port: int | None) -> Json:
    party = msgspec.to_builtins(reporter)
    found = {
        "xarf_version": VERSION,
        "report_id": str(uuid5(UUID(shared.uuid), f"xarf {address} {port}")),
        "timestamp": _stamp(shared.aware),
        "reporter": party,
        "sender": party,
        "source_identifier": address,
        "category": "infrastructure",
        "type": "compromised_server",
        "evidence_source": "user_report",
        "compromise_type": "unknown",
        "description": _description(shared),
        "tags": [*_tags(shared)],
    }
    known = {"source_port": port, "service": plain(shared.campaign)}
    return found | {name: value for name, value in known.items() if value}


def _description(shared: Shared) -> str:
    """What was reported is somebody's word until a case stands for it."""
    standing = "taken up as a case" if shared.confirmed else "reported to us, not confirmed by us"
    return plain(f"Incident {shared.reference}, {standing}. {shared.summary}", 1_000)


def _tags(shared: Shared) -> list[str]:
    cves = (f"cve:{cve[4:]}" for cve in shared.cves[:20])
    return [f"reference:{shared.reference}", f"tlp:{shared.tlp}", *cves]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
