"""The table of the founding cases: real evidence in, the right verdict and exit status out."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import REAL_EVIDENCE

from tocsin.assessment.assess import Knowledge
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.model.verdicts import Assessment, Verdict, WebShell
from tocsin.model.words import Compromise, Exposure, Means, MitigationStatus, Presence, Residual, ShellContent

pytestmark = pytest.mark.real

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


@functools.cache
def assessed(case: str) -> Assessment:
    folder = next(REAL_EVIDENCE.glob(f"{case}-*")) / "evidence"
    return assess_evidence(Request(evidence=folder, at=NOW), knowledge())


def verdict(case: str, campaign: str = "proxylogon") -> Verdict:
    return next(one for one in assessed(case).verdicts if one.campaign == campaign)


def shell(case: str, campaign: str, name: str) -> WebShell:
    shells = verdict(case, campaign).webshells
    return next(one for one in shells if name.lower() in f"{one.url} {one.path}".lower())


def campaigns(case: str) -> set[str]:
    return {one.campaign for one in assessed(case).verdicts}


@pytest.mark.parametrize(
    ("case", "exposure", "compromise", "status"),
    [
        ("D01", Exposure.VULNERABLE, Compromise.COMPROMISED, 20),
        ("D03", Exposure.PATCHED, Compromise.UNDETERMINED, 4),
        ("D04", Exposure.PATCHED, Compromise.UNDETERMINED, 4),
        ("D05", Exposure.UNKNOWN, Compromise.UNDETERMINED, 4),
        ("D06", Exposure.VULNERABLE, Compromise.COMPROMISED, 20),
        ("D08", Exposure.UNKNOWN, Compromise.UNDETERMINED, 4),
        ("D10", Exposure.UNKNOWN, Compromise.UNDETERMINED, 4),
    ],
)
def test_proxylogon(case: str, exposure: Exposure, compromise: Compromise, status: int) -> None:
    found = verdict(case)
    assert (found.exposure, found.compromise) == (exposure, compromise)
    assert assessed(case).exit_status == status


@pytest.mark.parametrize("case", ["D02", "D09"])
def test_web_shell_activity(case: str) -> None:
    assert verdict(case, "web-shell-activity").compromise is Compromise.COMPROMISED
    assert assessed(case).exit_status == 20


@pytest.mark.parametrize("case", ["D07", "D11"])
def test_no_sign_of_exchange(case: str) -> None:
    assert "proxylogon" not in campaigns(case)
    assert {one.compromise for one in assessed(case).verdicts} <= {Compromise.UNDETERMINED}
    assert assessed(case).exit_status == 4


def test_no_case_but_the_compromised_claims_more_than_context() -> None:
    for case in ("D03", "D04", "D07", "D08", "D10", "D11"):
        for one in assessed(case).verdicts:
            graver = [finding.summary for finding in one.findings if finding.means is not Means.CONTEXT]
            assert graver == [], f"{case} {one.campaign}"


def test_d01_shell_written_reached_by_two_strangers_then_not_served() -> None:
    found = shell("D01", "proxylogon", "RedirSuiteServerProxy.aspx")
    assert found.written_at is not None
    assert f"{found.written_at:%Y-%m-%d %H:%M}" == "2021-03-03 06:59"
    assert found.presence is Presence.NOT_SERVED_SINCE
    assert found.not_served_since is not None
    assert f"{found.not_served_since:%Y-%m-%d}" == "2021-03-08"
    assert {client.ip for client in found.clients} == {"139.162.202.236", "67.205.176.9"}
    assert not found.tasked
    assert verdict("D01").rung == "shell-reachable"
    assert verdict("D01").residual is Residual.UNKNOWN


def test_d01_two_runs_two_hosts_and_scanners_apart() -> None:
    clusters = verdict("D01").clusters
    intruder = [one for one in clusters if one.role == "intruder"]
    assert [one.source_ips for one in intruder] == [("130.255.189.21",)]
    assert [run.hosts for run in intruder[0].runs] == [("mail.xxx.no",), ("autodiscover.xxx.no",)]
    strangers = {one.source_ips for one in clusters if one.role == "shell-scanner"}
    assert {("139.162.202.236",), ("67.205.176.9",)} <= strangers


def test_d02_tunnel_with_all_its_requests() -> None:
    found = shell("D02", "web-shell-activity", "/erp/conn.aspx")
    assert found.requests == 4298
    assert found.tasked


def test_d03_scanning_is_context_in_incomplete_excerpts() -> None:
    assert verdict("D03").attempts == 0
    assert any("exporttool" in str(finding.url).lower() for finding in verdict("D03").findings)
    assert any(row.kind == "exchange.httpproxy" and row.records for row in assessed("D03").coverage.artefacts)


def test_d04_conflict_with_another_machines_setup_log_and_no_mitigation() -> None:
    server = assessed("D04").server
    assert any("15.1.2106.2" in one.what for one in server.conflicts)
    statuses = {one.id: one.status for one in verdict("D04").mitigations}
    assert statuses["backend-cookie-rules"] is MitigationStatus.ABSENT
    assert set(statuses.values()) <= {MitigationStatus.ABSENT, MitigationStatus.UNKNOWN}


def test_d05_attempt_in_etw_form() -> None:
    attempts = [
        finding
        for one in assessed("D05").verdicts
        for finding in one.findings
        if finding.means is Means.TARGETED and finding.kind == "iis.etw"
    ]
    assert len(attempts) == 1
    assert sum(one.attempts for one in assessed("D05").verdicts) == 1


def test_d06_dump_without_script_dated_and_placed() -> None:
    found = shell("D06", "proxylogon", "shell.aspx")
    assert (found.presence, found.content) == (Presence.PRESENT, ShellContent.INERT)
    assert found.written_at == datetime(2021, 3, 4, 16, 7, 21, tzinfo=UTC)
    assert verdict("D06").residual is Residual.PRESENT
    assert assessed("D06").server.utc_offset == "-08:00"
    assert [build.build for build in assessed("D06").server.builds] == ["15.1.2106.2"]
    assert "CU18" in assessed("D06").server.product
    assert "exploitation succeeded" in verdict("D06").exposure_because.lower()
    recreated = [one for one in verdict("D06").findings if "2021-03-04T02:17:56" in one.summary]
    assert recreated, "the earlier re-creation of the virtual directory is dated"


def test_d07_every_row_and_header() -> None:
    row = next(one for one in assessed("D07").coverage.artefacts if one.kind == "iis.w3c")
    assert (row.records, row.headers, row.lines) == (10_485, 28, 10_513)


def test_d08_forwarding_is_a_finding_of_context() -> None:
    found = [one for each in assessed("D08").verdicts for one in each.findings]
    assert any("test2@example.com" in one.summary for one in found)


def test_d09_exports_into_web_roots_with_the_impersonated_user() -> None:
    found = verdict("D09", "web-shell-activity")
    assert any("tWpQap3.aspx" in str(one.path) for one in found.webshells)
    users = {one.details.get("impersonated_user") for one in found.findings}
    assert "Administrator@assassinkitty.com" in users


def test_d10_nothing_dropped() -> None:
    coverage = assessed("D10").coverage
    assert coverage.skipped == ()
    for row in coverage.artefacts:
        assert row.records + row.unreadable + row.headers + row.blank == row.lines
    assert sum(row.records for row in coverage.artefacts) == 12


def test_d11_read_past_its_errors() -> None:
    rows = [one for one in assessed("D11").coverage.artefacts if one.kind.startswith("event.")]
    assert sum(one.records for one in rows) >= 1774 + 636 + 3028 + 6 + 126 + 394


def test_nothing_in_the_evidence_is_touched(tmp_path: Path) -> None:
    folder = next(REAL_EVIDENCE.glob("D01-*")) / "evidence"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assess_evidence(Request(evidence=folder, at=NOW), knowledge())
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []
