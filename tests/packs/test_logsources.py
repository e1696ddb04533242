"""Logsources: the table in code and the one for people are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tocsin.errors import RuleError
from tocsin.packs.logsources import KINDS, TABLE, Reach, reaches

FIELDS = (Path(__file__).parents[2] / "docs" / "reference" / "fields.md").read_text("utf-8")
KEYS = ("category", "product", "service")


def documented() -> dict[tuple[str, ...], str]:
    """The second table of fields.md: logsource -> the cell that names its kinds."""
    rows: dict[tuple[str, ...], str] = {}
    for line in FIELDS.partition("| `logsource`")[2].splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        first, *more = re.findall(r"`([^`]+)`", cells[0])
        named = dict(part.split(": ") for part in first.split(", "))
        for service in (named.get("service", ""), *more):
            rows[named.get("category", ""), named.get("product", ""), service] = cells[1]
    return rows


def test_every_logsource_is_documented_with_its_kinds() -> None:
    rows = documented()
    assert set(rows) == set(TABLE)
    for key, cell in rows.items():
        if "the event kind" not in cell:
            kinds = [kind for kind in re.findall(r"`([\w.-]+)`", cell) if kind != "EventID"]
            assert kinds == [reach.kind for reach in TABLE[key]], key


def test_every_kind_is_documented_and_reached() -> None:
    named = set(re.findall(r"`([a-z]+\.[a-z0-9-]+)`", FIELDS.partition("| `logsource`")[0]))
    assert set(KINDS) <= named
    assert {reach.kind for found in TABLE.values() for reach in found} == set(KINDS)


def test_channels_reach_the_event_kind_of_their_name() -> None:
    assert reaches({"product": "windows", "service": "windefend"}, where="") == (Reach("event.defender"),)
    assert reaches({"product": "Windows", "service": "Sysmon"}, where="") == (Reach("event.sysmon"),)


@pytest.mark.parametrize("product", ["", "windows"])
def test_processes_are_told_by_event_ids(product: str) -> None:
    found = reaches({"category": "process_creation", "product": product}, where="")
    assert found == (Reach("event.security", "4688"), Reach("event.sysmon", "1"))


@pytest.mark.parametrize(
    "logsource", [{}, {"category": "proxy"}, {"category": "webserver", "product": "apache"}]
)
def test_an_unknown_logsource_is_refused(logsource: dict[str, str]) -> None:
    with pytest.raises(RuleError, match="reaches no records") as caught:
        reaches(logsource, where="r.yaml:7")
    assert caught.value.where == "r.yaml:7"
