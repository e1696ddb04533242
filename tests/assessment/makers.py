"""Small makers of findings, packs and coverage for tests of the assessment."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

from tocsin.model.coverage import ArtefactCoverage
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.words import Means, StepKind
from tocsin.packs.schema import Actor, Cited, PackFile, Rung, Step, Wanted

START = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)

RUNGS = (
    Rung(
        id="probe",
        title="The flaw answered",
        mandatory=True,
        shown_by=("exchange.httpproxy",),
        proves_open=True,
    ),
    Rung(
        id="session",
        title="A session was opened",
        mandatory=True,
        shown_by=("exchange.httpproxy", "exchange.ecp-server"),
        proves_open=True,
    ),
    Rung(
        id="written",
        title="A file was written",
        shown_by=("exchange.httpproxy", "exchange.ecp-server"),
        shell=True,
        proves_open=True,
    ),
    Rung(id="reachable", title="A shell answered", shown_by=("iis.w3c",), shell=True),
    Rung(id="tasked", title="A shell was told what to do", shown_by=("iis.w3c",), shell=True),
    Rung(id="scan", title="Strangers looked for shells", shown_by=("iis.w3c",), scan=True, strand="noise"),
    Rung(id="mail", title="Mail was read", shown_by=("exchange.httpproxy",), strand="mail-read"),
)


def pack_file(**changes: object) -> PackFile:
    """A small campaign with a ladder of every sort of step."""
    values: dict[str, object] = {
        "id": "sample",
        "version": "1",
        "title": "Sample",
        "description": "A campaign for tests",
        "licence": "Apache-2.0",
        "author": "Tocsin contributors",
        "product": "exchange",
        "first_exploited": Cited(date=date(2021, 1, 3), source="s"),
        "ladder": RUNGS,
        "wanted": (
            Wanted(kind="exchange.httpproxy", why="shows the session"),
            Wanted(kind="iis.w3c", why="shows shells"),
        ),
        "actors": (Actor(id="a", name="Actor A", source="s", behaviours=("session opened",)),),
        "steps": (
            Step(id="report", kind=StepKind.REPORT, when=("always",)),
            Step(id="evict", kind=StepKind.EVICTION, when=("webshell",)),
            Step(id="preserve", kind=StepKind.PRESERVE, when=("always",)),
        ),
        "sources": {"s": "A source"},
    }
    return PackFile(**(values | changes))  # type: ignore[arg-type]


def finding(
    rule: str = "session opened",
    *,
    means: Means = Means.COMPROMISED,
    rung: str | None = "session",
    minutes: float | None = 0,
    line: int = 1,
    path: str = "C/HttpProxy.LOG",
    kind: str = "exchange.httpproxy",
    ip: str | None = "198.51.100.7",
    url: str | None = None,
    weak: bool = False,
    **details: str,
) -> Finding:
    """One finding; ``minutes`` count from ``START``."""
    moment = None if minutes is None else START + timedelta(minutes=minutes)
    digest = hashlib.sha256(f"{rule}{path}{line}{moment}".encode()).hexdigest()[:16]
    return Finding(
        id=digest,
        rule=rule,
        author="Tocsin contributors",
        means=means,
        weak=weak,
        rung=rung,
        time=moment,
        locator=Locator(path=path, line=line),
        summary=rule,
        source_ip=ip,
        kind=kind,
        url=url,
        details=details,
    )


def row(kind: str = "exchange.httpproxy", **changes: object) -> ArtefactCoverage:
    """A kind read whole from December 2020 to April 2021."""
    values: dict[str, object] = {
        "kind": kind,
        "wanted": True,
        "files": 1,
        "lines": 10,
        "records": 10,
        "start": datetime(2020, 12, 1, tzinfo=UTC),
        "end": datetime(2021, 4, 1, tzinfo=UTC),
    }
    return ArtefactCoverage(**(values | changes))  # type: ignore[arg-type]
