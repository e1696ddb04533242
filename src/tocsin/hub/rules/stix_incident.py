"""An incident as a STIX 2.1 bundle (OASIS, STIX version 2.1, June 2021).

Marks are TLP 2.0 in the form that OASIS published for STIX 2.1: marking definitions with fixed ids and an
extension. Numbers of objects follow from what they are, so that the same export twice is the same bundle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from tocsin.hub.rules.incident_shared import Shared
from tocsin.hub.rules.tlp import LABELS, Tlp, Way, demand

Json = dict[str, Any]
_SCO = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""Namespace of ids of observed things (section 2.9)."""

_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_MARKS = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
}


def bundle(shared: Shared) -> Json:
    """The bundle: the incident, what is known around it, and a report that holds it together.

    Raises:
        UsageFault: it is TLP:RED, which leaves in no export.
    """
    demand(shared.tlp, Way.EXPORT)
    mark = Tlp(shared.tlp)
    objects = [_marked(one, mark, shared) for one in _objects(shared)]
    return {
        "type": "bundle",
        "id": f"bundle--{_id(shared, f'bundle {moment(shared.changed)}')}",
        "objects": [_mark(mark), _publisher(shared), *objects],
    }


def _id(shared: Shared, what: str) -> UUID:
    return uuid5(UUID(shared.uuid), what)


def moment(at: datetime) -> str:
    """A time as STIX has it, UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _mark(mark: Tlp) -> Json:
    extension = {"extension_type": "property-extension", "tlp_2_0": mark.value}
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _MARKS[mark],
        "created": "2022-10-01T00:00:00.000Z",
        "name": LABELS[mark],
        "extensions": {_EXTENSION: extension},
    }


def _publisher(shared: Shared) -> Json:
    number, name = shared.publisher
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{number}",
        "created": "2021-03-02T00:00:00.000Z",
        "modified": "2021-03-02T00:00:00.000Z",
        "name": name,
        "identity_class": "organization",
    }


def _marked(one: Json, mark: Tlp, shared: Shared) -> Json:
    whole = {"spec_version": "2.1", **one, "object_marking_refs": [_MARKS[mark]]}
    if one["type"] in {"ipv4-addr", "ipv6-addr", "domain-name"}:
        return whole
    times = {"created": moment(shared.at), "modified": moment(max(shared.at, shared.changed))}
    return {**whole, **times, "created_by_ref": f"identity--{shared.publisher[0]}"}


def _objects(shared: Shared) -> Iterator[Json]:
    around = [*_victim(shared), *_campaign(shared), *_observed(shared)]
    incident = _incident(shared)
    yield incident
    yield from around
    yield from _relations(shared, around)
    yield {
        "type": "report",
        "id": f"report--{_id(shared, 'report')}",
        "name": f"Incident {shared.reference}",
        "description": shared.summary,
        "published": moment(max(shared.at, shared.changed)),
        "report_types": ["campaign"] if shared.campaign else ["observed-data"],
        "object_refs": [incident["id"], *(one["id"] for one in around)],
    }


def _incident(shared: Shared) -> Json:
    return {
        "type": "incident",
        "id": f"incident--{shared.uuid}",
        "name": shared.reference,
        "description": shared.summary,
        "external_references": [{"source_name": shared.publisher[1], "external_id": shared.reference}],
    }


def _victim(shared: Shared) -> Iterator[Json]:
    if shared.victim:
        yield {
            "type": "identity",
            "id": f"identity--{_id(shared, 'victim')}",
            "name": shared.victim,
            "identity_class": "organization",
        }
    if shared.country:
        yield {"type": "location", "id": f"location--{_id(shared, 'country')}", "country": shared.country}


def _campaign(shared: Shared) -> Iterator[Json]:
    if shared.campaign:
        yield {
            "type": "campaign",
            "id": f"campaign--{_id(shared, 'campaign')}",
            "name": shared.campaign,
        }
    for cve in shared.cves:
        yield {
            "type": "vulnerability",
            "id": f"vulnerability--{_id(shared, cve)}",
            "name": cve,
            "external_references": [{"source_name": "cve", "external_id": cve}],
        }


def _observed(shared: Shared) -> Iterator[Json]:
    for address in shared.addresses:
        yield _thing("ipv6-addr" if ":" in address else "ipv4-addr", address)
    for host in shared.hosts:
        yield _thing("domain-name", host)


def _thing(kind: str, value: str) -> Json:
    """An observed thing; its id follows from its value, as JSON in canonical form."""
    canonical = json.dumps({"value": value}, ensure_ascii=False, separators=(",", ":"))
    return {"type": kind, "id": f"{kind}--{uuid5(_SCO, canonical)}", "value": value}


def _relations(shared: Shared, around: list[Json]) -> Iterator[Json]:
    """The campaign targets the victim, the place and the vulnerabilities."""
    ids = {one["type"]: one["id"] for one in around}
    if "campaign" not in ids:
        return
    for one in around:
        if one["type"] in {"identity", "location", "vulnerability"}:
            yield {
                "type": "relationship",
                "id": f"relationship--{_id(shared, 'targets ' + one['id'])}",
                "relationship_type": "targets",
                "source_ref": ids["campaign"],
                "target_ref": one["id"],
            }
