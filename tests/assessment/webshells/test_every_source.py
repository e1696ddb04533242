"""Requirement 3: whatever brings a visitor's value counts as a source."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.assessment.webshells.shells import AUTH, assessed, by_content, examined, sample, samples

from tocsin.detections.webshells.examine import Verdict
from tocsin.model.words import Means, ShellContent

NAMES = (
    "webmethod.asmx",
    "textbox.aspx",
    "upload.aspx",
    "cookie.aspx",
    "header.aspx",
    "reader.aspx",
    "session.aspx",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_value_is_followed_to_what_acts_on_it(name: str) -> None:
    found = examined(f"source-{name}")
    assert found.verdict in {Verdict.SHELL, Verdict.SUSPICIOUS}
    assert found.state is ShellContent.LIVE
    assert found.flow
    assert found.flow[0].places[-1].why == "sink"


def test_each_is_a_finding_of_the_server(tmp_path: Path) -> None:
    files = {f"{AUTH}/{name}": sample(name) for name in samples() if name.startswith("source-")}
    told = {one.locator.path: one for one in by_content(assessed(tmp_path, files))}
    for name in NAMES:
        one = told[f"{AUTH}/source-{name}"]
        assert one.means is Means.COMPROMISED
        assert one.rung == "page-reachable"
        assert " to " in one.details["flow"]
        assert one.details["span"]
