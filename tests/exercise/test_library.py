"""The scenario library: shipped scenarios are sound, wrong ones are refused by their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.errors import ScenarioError, UsageFault
from tocsin.exercise.library import load, names

GOOD = """title: A quiet week
description: Nothing happens.
innocent: true
first_day: 2021-03-01
collected: 2021-03-04T08:00:00Z
traffic: 40
server:
  builds:
    - {build: 15.1.2106.2, since: 2020-12-15}
  utc_offset: "+01:00"
acts:
  - {script: internet-noise, at: 2021-03-02T08:00:00Z}
collection:
  layout: disk
  withhold: []
  faults: []
expected:
  - {campaign: proxylogon, exposure: vulnerable, compromise: no-evidence}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", names())
def test_shipped_scenarios_are_sound(name: str) -> None:
    scenario = load(name)
    assert scenario.expected
    got_in = any(one.compromise == "compromised" for one in scenario.expected)
    assert not (scenario.innocent and got_in)


def test_a_scenario_of_ones_own_is_read(tmp_path: Path) -> None:
    assert load(str(written(tmp_path, GOOD))).title == "A quiet week"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("traffic: 40", "fuss: 40", 6, "fuss"),
        ("traffic: 40", "traffic: -1", 6, "traffic"),
        ("traffic: 40", "traffic: many", 6, "int"),
        ("collected: 2021-03-04T08:00:00Z", "collected: 2021-03-04T08:00:00", 5, "time zone"),
        ("collected: 2021-03-04T08:00:00Z", "collected: 2021-02-04T08:00:00Z", 5, "before"),
        ("collected: 2021-03-04T08:00:00Z", "collected: 2051-02-04T08:00:00Z", 5, "ten years"),
        ("build: 15.1.2106.2", "build: 15.1.2106", 9, "no build"),
        ('"+01:00"', '"CET"', 10, "utc_offset"),
        ("script: internet-noise", "script: nonsense", 12, "no such script: nonsense"),
        ("at: 2021-03-02T08:00:00Z", "at: 2021-03-02T08:00:00", 12, "time zone"),
        ("at: 2021-03-02T08:00:00Z", "at: 2021-03-02T08:00:00Z, address: nowhere", 12, "no IP address"),
        ("layout: disk", "layout: heap", 14, "layout"),
        ("layout: disk", "events: csv", 14, "events"),
        ("withhold: []", "withhold: [exchange.nonsense]", 15, "exchange.nonsense"),
        ("faults: []", "faults: [{kind: nonsense}]", 16, "no such fault: nonsense"),
        ("exposure: vulnerable", "exposure: fine", 18, "exposure"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ScenarioError, match=says) as caught:
        load(str(path))
    assert caught.value.where == f"{path}:{line}"
    assert caught.value.exit_status == 2


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(UsageFault, match="nonsense") as caught:
        load("nonsense")
    assert names()[0] in caught.value.remedy
