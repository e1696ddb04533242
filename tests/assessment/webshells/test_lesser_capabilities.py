"""Requirement 5: tunnels, SQL consoles and uploaders are told by what they can do, below code execution."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.assessment.webshells.shells import AUTH, assessed, by_content, examined, sample, verdict

from tocsin.detections.webshells.examine import Verdict
from tocsin.model.words import Compromise, Means

CAN = {"tunnel.aspx": "tunnel", "sql.aspx": "sql", "uploader.aspx": "file-write"}
APPLICATION = "C/inetpub/wwwroot/shop"


@pytest.mark.parametrize("name", CAN)
def test_the_capability_is_named(name: str) -> None:
    found = examined(name)
    assert found.verdict is Verdict.SHELL
    assert found.capabilities[0] == CAN[name]


@pytest.mark.parametrize("name", ["sql.aspx", "uploader.aspx"])
def test_in_an_application_it_is_something_to_look_at(name: str, tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{APPLICATION}/{name}": sample(name)})
    (finding,) = by_content(found)
    assert finding.means is Means.CONTEXT
    assert finding.details["can"].startswith(CAN[name])
    assert verdict(found).compromise is not Compromise.COMPROMISED


@pytest.mark.parametrize("name", CAN)
def test_where_no_page_belongs_it_is_a_shell(name: str, tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{AUTH}/{name}": sample(name)})
    (finding,) = by_content(found)
    assert finding.means is Means.COMPROMISED
    assert "no page belongs" in finding.details["context"]


def test_code_that_runs_is_a_shell_wherever_it_is_served(tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{APPLICATION}/one.aspx": sample("one.aspx")})
    (finding,) = by_content(found)
    assert (finding.means, finding.rung) == (Means.COMPROMISED, "page-reachable")
