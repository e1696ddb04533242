"""A bill of materials of what Tocsin runs on, from the locks: ``python tools/sbom.py [hub|run]``.

CycloneDX 1.6 as JSON on stdout: every pinned package with the digests of its files, as the lock has them. The
same lock gives the same file, so that two releases can be compared.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
MADE = re.compile(r"LOCK_BEFORE=(\S+)")
OURS = uuid.UUID("5b3c3a0e-7c1d-5d0b-9c7e-2f1d8a4b6c90")
"""The name space of serial numbers of Tocsin's bills."""


def components(lock: str) -> list[dict[str, Any]]:
    """The packages of a lock, in its order."""
    found: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if pin := PIN.match(line):
            found.append(_component(*pin.groups()))
        elif digest := DIGEST.search(line):
            found[-1]["hashes"].append({"alg": "SHA-256", "content": digest[1]})
    return found


def _component(name: str, version: str, marker: str | None) -> dict[str, Any]:
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [],
    }
    if marker:
        component["properties"] = [{"name": "tocsin:only-where", "value": marker}]
    return component


def _carried(readme: str) -> list[dict[str, Any]]:
    """What the hub's own folder of static files holds of others."""
    found = re.search(r"`@tabler/core` ([\d.]+)", readme)
    purl = f"pkg:npm/%40tabler/core@{found[1]}" if found else ""
    version = found[1] if found else ""
    return [{"type": "library", "bom-ref": purl, "name": "@tabler/core", "version": version, "purl": purl}]


def bill(level: str, root: Path = ROOT) -> dict[str, Any]:
    """The bill of one lock: ``run`` for the assessor, ``hub`` for the hub."""
    lock = (root / "requirements" / f"{level}.txt").read_text("utf-8")
    version = re.search(r'^version = "([^"]+)"', (root / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    made = MADE.search(lock)
    about = {
        "type": "application",
        "bom-ref": "tocsin",
        "name": "tocsin",
        "version": version[1] if version else "",
    }
    carried = _carried((root / "src/tocsin/hub/static/hub/README.md").read_text("utf-8"))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(OURS, level + lock)}",
        "version": 1,
        "metadata": {"timestamp": made[1] if made else "", "component": about},
        "components": components(lock) + (carried if level == "hub" else []),
    }


if __name__ == "__main__":
    print(json.dumps(bill(sys.argv[1] if len(sys.argv) > 1 else "hub"), indent=2))
