"""Requirement 7: a name that no server runs is told so, and what the server maps it to decides."""

from __future__ import annotations

from pathlib import Path

from tests.assessment.webshells.shells import (
    AUTH,
    CLIENT,
    assessed,
    by_content,
    examined,
    sample,
    shell,
    verdict,
)

from tocsin.detections.webshells.examine import Verdict
from tocsin.model.words import Compromise, Means, ShellContent
from tocsin.report.html import render
from tocsin.report.json_document import encode

MAP = (
    "<configuration><system.webServer><handlers>"
    '<add name="x" path="*.{}" verb="*" modules="IsapiModule" scriptProcessor="C:\\inetsrv\\asp.dll" />'
    "</handlers></system.webServer></configuration>"
)


def test_by_itself_the_content_is_a_shells_and_would_not_run() -> None:
    found = examined("x.txt", sample("one.asp"))
    assert (found.verdict, found.state, found.state_reason) == (
        Verdict.SHELL, ShellContent.INERT, "wrong-extension",
    )  # fmt: skip


def test_it_is_context_where_nothing_maps_the_name(tmp_path: Path) -> None:
    found = assessed(tmp_path, {"C/inetpub/wwwroot/x.txt": sample("one.asp")})
    (finding,) = by_content(found)
    assert (finding.means, finding.details["content"]) == (Means.CONTEXT, "inert")
    assert "maps its name" in finding.details["context"]
    assert verdict(found).compromise is not Compromise.COMPROMISED


def test_it_is_live_where_the_server_maps_the_name(tmp_path: Path) -> None:
    files = {
        "C/inetpub/wwwroot/x.txt": sample("one.asp"),
        "C/inetpub/wwwroot/web.config": MAP.format("txt").encode(),
    }
    found = assessed(tmp_path, files)
    finding = next(one for one in by_content(found) if one.locator.path.endswith("x.txt"))
    assert (finding.means, finding.rung) == (Means.COMPROMISED, "page-reachable")
    assert shell(found, "/x.txt").content is ShellContent.LIVE
    other = assessed(tmp_path, {**files, "C/inetpub/wwwroot/web.config": MAP.format("dat").encode()})
    assert next(one for one in by_content(other) if one.locator.path.endswith("x.txt")).means is Means.CONTEXT


def test_a_sample_that_somebody_keeps_is_explained(tmp_path: Path) -> None:
    found = assessed(tmp_path, {"C/Users/admin/Desktop/x.aspx": sample("one.aspx")})
    (finding,) = by_content(found)
    assert finding.means is Means.CONTEXT
    assert finding.benign is not None
    assert finding.benign.was is Means.COMPROMISED


def test_a_shell_without_sign_of_the_campaign_is_not_the_campaigns(tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{AUTH}/x.aspx": sample("one.aspx")})
    assert verdict(found, "proxylogon").compromise is Compromise.UNDETERMINED
    assert verdict(found).compromise is Compromise.COMPROMISED


def test_once_the_way_in_is_proven_the_campaign_counts_it(tmp_path: Path) -> None:
    files = {f"{CLIENT}/d.aspx": sample("dump-clean.aspx"), f"{AUTH}/x.aspx": sample("one.aspx")}
    files["D/apps/wwwroot/shop/sub/y.aspx"] = sample("handler.ashx")
    found = assessed(tmp_path, files)
    told = verdict(found, "proxylogon")
    assert {one.url for one in told.webshells} == {"/aspnet_client/d.aspx", "/owa/auth/x.aspx"}
    assert told.rung == "shell-reachable"
    general = next(one for one in by_content(found) if one.locator.path == f"{AUTH}/x.aspx")
    assert general.benign is not None


def test_shells_of_one_evidence_are_compared(tmp_path: Path) -> None:
    again = sample("one.aspx").replace(b'"z"', b'"another"')
    files = {f"{AUTH}/x.aspx": sample("one.aspx"), f"{AUTH}/y.aspx": again}
    found = assessed(tmp_path, files)
    one = shell(found, "/x.aspx")
    assert one.examination is not None
    assert one.examination.sketch
    assert [other.path for other in one.similar] == [f"{AUTH}/y.aspx"]


def test_reports_hold_no_code_that_could_act(tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{AUTH}/{name}": sample(name) for name in ("one.aspx", "dump-command.aspx")})
    page = render(found)
    assert "<mark>" in page
    for text in (page, encode(found).decode()):
        assert "ev" + "al(" not in text
        assert "<" + "%" not in text
    assert "Process" + ".Start(" not in page
