"""Makers of owners' rows, and of small assessments and evidence of one server."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from django.test import Client
from msgspec.structs import replace
from tests.hub import making
from tests.hub.census import rows as census

from tocsin.exercise.library import load
from tocsin.exercise.scenario import Scenario
from tocsin.exercise.server import make_server
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.models import Observation, Server
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.exposure.models import Standing
from tocsin.hub.owners import examinations, handing, services
from tocsin.hub.owners.examination import Examined
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules import days
from tocsin.hub.rules.words import Compromise

_numbers = count(1)
AT = datetime(2021, 3, 8, 10, tzinfo=UTC)
TOOL = {"name": "tocsin", "version": "0"}


def server(hostname: str = "mail01.contoso.example", **standing: Any) -> Server:
    """A server of an organisation of its own, in the campaign."""
    load_campaigns()
    owner = making.organisation(f"Contoso {next(_numbers)}")
    found = making.server(f"192.0.2.{next(_numbers) % 250 + 1}", owner, hostname=hostname)
    making.claim(owner, f"{found.ip}/32")  # else it is nobody's as soon as it is judged anew
    making.standing(found, proxylogon(), **standing)
    _observed(found)
    return found


def _observed(of: Server) -> None:
    """A census saw it open on 3 March."""
    Observation.objects.create(
        server=of,
        source=making.source(),
        content="one",
        ip=of.ip,
        hostname=of.hostname,
        product="exchange",
        build="15.1.2106.2",
        tags=["exchange", "cve-2021-26855"],
        days=days.pack(1 << days.number(making.DAY.date())),
        first_seen=making.DAY,
        last_seen=making.DAY,
    )


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
    held = io.BytesIO()
    custody = {
        "collector": f"By hand; {nonce}",
        "collected_at": scenario.collected.isoformat(),
        "host": host,
    }
    with (
        zipfile.ZipFile(io.BytesIO(_made(folder, scenario))) as old,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member, old.read(member))
        new.writestr("custody.json", msgspec.json.encode(custody))
    return held.getvalue()


_MADE: dict[datetime, bytes] = {}


def _made(folder: Path, scenario: Scenario) -> bytes:
    if scenario.collected not in _MADE:
        made = make_server(
            scenario, name="made", seed=1, out=folder / f"made-{scenario.collected:%d}.zip", rows=200
        )
        _MADE[scenario.collected] = made.evidence.read_bytes()
    return _MADE[scenario.collected]


def later(hours: float) -> datetime:
    """Some hours after the first moment."""
    return AT + timedelta(hours=hours)


def scenario() -> Scenario:
    """A web shell is written on 3 March and deleted on the 9th; logs reach back over the whole window."""
    given = load("shell-removed-by-hand")
    return replace(
        given, first_day=date(2021, 1, 2), server=replace(given.server, retention_days=90), traffic=60
    )


def before_removal() -> Scenario:
    """The same server, collected on 8 March: the shell is there."""
    whole = scenario()
    return replace(whole, collected=AT, acts=whole.acts[:2])


def seen(folder: Path, *, shell: bool = True, hostname: str = "mail01.contoso.example") -> Server:
    """A server that a census saw on 7 March, with or without a web shell."""
    load_campaigns()
    owner = making.organisation(f"Contoso {next(_numbers)}")
    making.claim(owner, "192.0.2.0/24")
    tag = "exchange;webshell" if shell else "exchange;cve-2021-26855"
    row = census.row(date(2021, 3, 7), "192.0.2.8", tag=tag, hostname=hostname)
    import_file(census.write(folder, date(2021, 3, 7), [row]), Terms(scope="all", method="1"))
    return Server.objects.select_related("organisation").get()


def examined(of: OwnerLink, document: dict[str, Any], *, nonce: str | None = None, **rest: Any) -> HandIn:
    """Evidence by a link, with what its examination is said to have given; by default all is well with it."""
    server = of.servers.get()
    given = Given(server=server.pk, campaign=of.campaign, name="evidence.zip", link=of)
    row = HandIn.objects.get(pk=handing.take_evidence([f"evidence {next(_numbers)}".encode()], given).hand_in)
    HandIn.objects.filter(pk=row.pk).update(state="examining")
    values = {"window_covered": True, "shells_gone": True, "nonce": newest_nonce(of), **rest}
    if nonce is not None:
        values["nonce"] = nonce
    examinations.finish(row.pk, Examined(assessment=msgspec.Raw(as_file(document)), **values))
    row.refresh_from_db()
    assert row.fault == ""
    return row


def newest_nonce(of: OwnerLink) -> str:
    """The nonce that the page shows."""
    found = of.nonces.order_by("-issued", "-id").first()
    assert found
    return found.value


def clean_report(collected: datetime, **rest: Any) -> dict[str, Any]:
    """What the hub reads out of evidence in which nothing is left."""
    gone = {
        "path": None,
        "url": "/owa/auth/page.aspx",
        "presence": "absent-on-disk",
        "content": "unknown",
        "first_seen": None,
        "last_seen": None,
    }
    values: dict[str, Any] = {"residual": "none-seen", "exposure": "patched", "shells": [gone], **rest}
    return report(collected=collected, **values)
