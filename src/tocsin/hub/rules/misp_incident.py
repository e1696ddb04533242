"""An incident as a MISP event (MISP core format, draft-08 of the Internet-Draft ``misp-core-format``).

Distribution is "your organisation only": who takes the event in decides himself how far it goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

from tocsin.hub.rules.incident_shared import Shared
from tocsin.hub.rules.tlp import Way, demand

Json = dict[str, Any]
_MEDIUM, _INITIAL, _ONGOING, _OWN = "2", "0", "1", "0"


def event(shared: Shared) -> Json:
    """The event, as MISP's API and its files have it.

    Raises:
        UsageFault: it is TLP:RED, which leaves in no export.
    """
    demand(shared.tlp, Way.EXPORT)
    return {
        "Event": {
            "uuid": shared.uuid,
            "info": f"{shared.reference}: {shared.summary}"[:1_000],
            "date": f"{shared.aware.astimezone(UTC):%Y-%m-%d}",
            "timestamp": str(int(max(shared.at, shared.changed).timestamp())),
            "threat_level_id": _MEDIUM,
            "analysis": _ONGOING if shared.confirmed else _INITIAL,
            "distribution": _OWN,
            "published": False,
            "Orgc": {"uuid": shared.publisher[0], "name": shared.publisher[1]},
            "Tag": [{"name": name} for name in _tags(shared)],
            "Attribute": [_attribute(shared, *row) for row in _attributes(shared)],
        }
    }


def _tags(shared: Shared) -> Iterator[str]:
    yield f"tlp:{shared.tlp}"
    if shared.confirmed:
        yield 'rsit:intrusions="system-compromise"'


def _attributes(shared: Shared) -> Iterator[tuple[str, str, str]]:
    yield "Internal reference", "text", shared.reference
    for cve in shared.cves:
        yield "External analysis", "vulnerability", cve
    if shared.campaign:
        yield "Attribution", "campaign-name", shared.campaign
    for address in shared.addresses:
        yield "Network activity", "ip-dst", address
    for host in shared.hosts:
        yield "Network activity", "hostname", host
    if shared.victim:
        yield "Targeting data", "target-org", shared.victim
    if shared.country:
        yield "Targeting data", "target-location", shared.country


def _attribute(shared: Shared, category: str, kind: str, value: str) -> Json:
    return {
        "uuid": str(uuid5(UUID(shared.uuid), f"{kind} {value}")),
        "category": category,
        "type": kind,
        "value": value,
        "to_ids": False,
        "distribution": _OWN,
        "timestamp": str(int(max(shared.at, shared.changed).timestamp())),
    }
