"""Requirement 1: code anywhere in other text is found with its span; the same text without it is inert."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.assessment.webshells.shells import (
    CLIENT,
    assessed,
    by_content,
    examined,
    sample,
    samples,
    shell,
    verdict,
)

from tocsin.detections.webshells.examine import Verdict
from tocsin.model.words import Compromise, Means, Presence, Residual, ShellContent

LIVE = sorted(
    name
    for name in samples()
    if name.startswith("dump-") and name not in {"dump-clean.aspx", "dump-stub.aspx"}
)
SAID = {"page-eval.aspx": b'(Request.Item["z"],"unsafe")', "log-eval.log": b' request("z")'}


@pytest.mark.parametrize("name", SAID)
def test_the_span_is_that_of_the_code(name: str) -> None:
    data, found = sample(name), examined(name)
    assert found.verdict is Verdict.SHELL
    spans = [data[place.start : place.end] for place in found.spans]
    assert any(SAID[name] in text and len(text) <= len(SAID[name]) + 8 for text in spans)
    assert all(place.line == data.count(b"\n", 0, place.start) + 1 for place in found.spans)


@pytest.mark.parametrize("name", LIVE)
def test_every_live_dump_is_a_shell_of_the_campaign(name: str, tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{CLIENT}/x.aspx": sample(name)})
    told = verdict(found, "proxylogon")
    assert told.compromise is Compromise.COMPROMISED
    assert told.rung == "shell-reachable"
    one = shell(found, "/x.aspx")
    assert (one.presence, one.content) == (Presence.PRESENT, ShellContent.LIVE)
    assert one.examination is not None
    assert one.examination.spans
    (finding,) = by_content(found, "proxylogon")
    assert (finding.means, finding.details["content"]) == (Means.COMPROMISED, "live")
    assert finding.locator.line == one.examination.spans[0].line
    assert not by_content(found)


@pytest.mark.parametrize("name", ["dump-clean.aspx", "dump-stub.aspx"])
def test_a_dump_without_code_is_inert_and_the_trace_of_a_shell(name: str, tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{CLIENT}/x.aspx": sample(name)})
    one = shell(found, "/x.aspx")
    assert one.content is ShellContent.INERT
    told = verdict(found, "proxylogon")
    assert (told.compromise, told.rung, told.residual) == (
        Compromise.COMPROMISED, "file-written", Residual.PRESENT,
    )  # fmt: skip
    (finding,) = by_content(found, "proxylogon")
    assert finding.means is Means.CONTEXT
    assert finding.summary.startswith("Trace of a web shell")


def test_a_clean_list_that_an_administrator_saved_accuses_nobody(tmp_path: Path) -> None:
    found = assessed(tmp_path, {"C/Users/admin/Documents/oab.txt": sample("dump-clean.aspx")})
    assert verdict(found, "proxylogon").compromise is Compromise.UNDETERMINED
    assert all(one.means is Means.CONTEXT for each in found.verdicts for one in each.findings)
    assert all(not each.webshells for each in found.verdicts)


def test_what_the_rules_of_a_pack_found_is_said_once(tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{CLIENT}/x.aspx": sample("dump-eval.aspx")})
    told = verdict(found, "proxylogon").findings
    assert not [one.rule for one in told if one.rule.startswith("yara: ")]
    (finding,) = by_content(found, "proxylogon")
    assert "virtual_directory_dump_with_script" in finding.details["rules"]
