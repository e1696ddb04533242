"""Requirement 4: droppers, script in other clothes, configuration that holds code, objects by number."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.assessment.webshells.shells import AUTH, assessed, by_content, examined, sample

from tocsin.detections.webshells.examine import Verdict
from tocsin.model.words import Means, ShellContent

CAN = {
    "dropper.aspx": "file-write",
    "xslt.aspx": "xslt-script",
    "web.config": "config-map",
    "object.aspx": "command",
    "handler.ashx": "command",
    "ghost.aspx": "ghost-page",
    "keys.aspx": "key-theft",
    "source-webmethod.asmx": "command",
}


@pytest.mark.parametrize("name", CAN)
def test_it_is_seen_for_what_it_can_do(name: str) -> None:
    found = examined(name)
    assert found.verdict in {Verdict.SHELL, Verdict.SUSPICIOUS}
    assert found.state is ShellContent.LIVE
    assert CAN[name] in found.capabilities
    assert found.spans


def test_a_configuration_that_holds_code_is_examined_in_its_place(tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{AUTH}/web.config": sample("web.config")})
    (finding,) = by_content(found)
    assert finding.locator.path == f"{AUTH}/web.config"
    assert finding.details["content"] == "live"


def test_every_one_is_told_with_a_place(tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{AUTH}/{name}": sample(name) for name in CAN})
    told = {one.locator.path.rpartition("/")[2]: one for one in by_content(found)}
    assert set(told) == set(CAN)
    assert all(one.details["span"] for one in told.values())
    assert told["object.aspx"].means is Means.COMPROMISED
