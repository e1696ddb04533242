"""Makers of owners' rows, and of small assessments and evidence of one server."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from django.test import Client
from tests.hub import making

from tocsin.exercise.scenario import Scenario
from tocsin.exercise.server import make_server
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.models import Server
from tocsin.hub.exposure.models import Standing
from tocsin.hub.owners import services
from tocsin.hub.owners.models import OwnerLink
from tocsin.hub.rules.words import Compromise

_numbers = count(1)
AT = datetime(2021, 3, 8, 10, tzinfo=UTC)
TOOL = {"name": "tocsin", "version": "0"}


def server(hostname: str = "mail01.contoso.example", **standing: Any) -> Server:
    """A server of an organisation of its own, in the campaign."""
    load_campaigns()
    owner = making.organisation(f"Contoso {next(_numbers)}")
    found = making.server(f"192.0.2.{next(_numbers) % 250 + 1}", owner, hostname=hostname)
    making.standing(found, proxylogon(), **standing)
    return found


def proxylogon() -> Campaign:
    """The campaign."""
    return Campaign.objects.get(key="proxylogon")


def standing(of: Server) -> Standing:
    """Where a server stands now."""
    return Standing.objects.get(server=of)


def state(of: Server) -> Compromise:
    """Where a server stands now, on the second axis."""
    return Compromise(standing(of).compromise)


def link(of: Server, **rest: Any) -> tuple[OwnerLink, str]:
    """A link for a server's owner, and its path."""
    assert of.organisation
    values = {"purpose": "notice", "days": 30, "by": None, **rest}
    made, address = services.make_link(
        organisation=of.organisation, servers=[of.pk], campaign=proxylogon(), **values
    )
    return made, address.removeprefix("http://127.0.0.1:8000")


def inside(path: str) -> Client:
    """A browser that has pressed the button of a link's page."""
    client = Client()
    assert client.post(f"{path}show").status_code == 302
    return client


def report(
    *,
    compromise: str = "compromised",
    residual: str = "present",
    exposure: str = "vulnerable",
    host: str = "MAIL01",
    collected: datetime | None = AT,
    shells: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A small assessment as plain values."""
    shell = {
        "path": None,
        "url": "/owa/auth/page.aspx",
        "presence": "present",
        "content": "live",
        "first_seen": None,
        "last_seen": None,
    }
    verdict = {
        "campaign": "proxylogon",
        "exposure": exposure,
        "exposure_because": "x",
        "fix": None,
        "exposure_window": {"from": None, "until": None},
        "mitigations": [],
        "compromise": compromise,
        "compromise_because": "x",
        "residual": residual,
        "attempts": 0,
        "rung": None,
        "first_seen": None,
        "last_seen": None,
        "ladder": [],
        "clusters": [],
        "webshells": [shell] if shells is None else shells,
        "findings": [],
        "folded": {},
        "impact": {"mailboxes": []},
        "next_steps": [],
    }
    return {
        "schema": "tocsin/assessment/1",
        "tool": TOOL,
        "packs": [{"id": "proxylogon", "version": "1", "sha256": "0" * 64}],
        "assessed_at": "2021-03-08T12:00:00Z",
        "evidence": {
            "name": "evidence.zip",
            "sha256": "1" * 64,
            "files": 1,
            "bytes": 1,
            "custody": {"collected_at": collected.isoformat() if collected else None, "host": host},
        },
        "server": {"name": host, "product": "exchange", "utc_offset": None, "builds": [], "conflicts": []},
        "verdicts": [verdict],
        "coverage": {"artefacts": [], "missing": [], "skipped": []},
        "exit_status": 20,
        "answer": "An intruder had a session and wrote a web shell.",
    }


def as_file(document: object) -> bytes:
    """A document as JSON."""
    return msgspec.json.encode(document)


def evidence(folder: Path, scenario: Scenario, *, nonce: str, host: str = "MAIL01") -> bytes:
    """A made server's evidence as a zip whose record of custody carries a nonce."""
    made = make_server(scenario, name="made", seed=1, out=folder / f"made{next(_numbers)}.zip", rows=200)
    held = io.BytesIO(made.evidence.read_bytes())
    custody = {
        "collector": f"By hand; {nonce}",
        "collected_at": scenario.collected.isoformat(),
        "host": host,
    }
    with zipfile.ZipFile(made.evidence) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != "custody.json":
                new.writestr(member, old.read(member))
        new.writestr("custody.json", msgspec.json.encode(custody))
    return held.getvalue()


def later(hours: float) -> datetime:
    """Some hours after the first moment."""
    return AT + timedelta(hours=hours)
