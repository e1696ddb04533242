"""The bill of materials holds what the locks hold, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.sbom import bill

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("level", ["run", "hub"])
def test_the_bill_holds_every_pin_with_its_digests(level: str) -> None:
    lock = (ROOT / "requirements" / f"{level}.txt").read_text("utf-8")
    made = bill(level)
    listed = [each for each in made["components"] if each["purl"].startswith("pkg:pypi/")]
    pins = re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock, re.MULTILINE)
    assert [(each["name"], each["version"]) for each in listed] == pins
    digests = [one["content"] for each in listed for one in each["hashes"]]
    assert digests == re.findall(r"sha256:([0-9a-f]{64})", lock)
    assert len({each["bom-ref"] for each in made["components"]}) == len(made["components"])
    assert made == bill(level), "the same lock gives the same bill"


def test_what_the_hub_carries_itself_is_named() -> None:
    readme = (ROOT / "src/tocsin/hub/static/hub/README.md").read_text("utf-8")
    (tabler,) = [each for each in bill("hub")["components"] if each["purl"].startswith("pkg:npm/")]
    assert f"`@tabler/core` {tabler['version']}," in readme
    assert not [each for each in bill("run")["components"] if each["purl"].startswith("pkg:npm/")]
