"""Which snapshots count as having looked: by scope, method, place, and what their refused rows leave open."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hub import making

from tocsin.hub.census.known import Seen
from tocsin.hub.exposure.looks import LookTable
from tocsin.hub.rules import days
from tocsin.hub.rules.exposure import Looks

pytestmark = pytest.mark.django_db
WORDS = ("proxylogon", "cve-2021-26855")
ALL = {"everything": True}


def sighting(ip: str = "192.0.2.1", source: int = 0, **rest: Any) -> Seen:
    fields = {"hostname": "", "name": "", "product": "", "build": "", "status": "", "tags": (), "method": "1"}
    fixed = {
        "geo": {},
        "rest": {},
        "days": 1,
        "first": making.DAY,
        "last": making.DAY,
        "content": "",
        "port": 443,
    }
    return Seen(ip=ip, source=source or making.source().pk, **{**fields, **fixed, **rest})


def looks(*sightings: Seen) -> tuple[Looks, ...]:
    return LookTable(WORDS).of(sightings or [sighting()])


def when(*numbers: int) -> int:
    first = days.number(making.DAY.date())
    return sum(1 << (first + number) for number in numbers)


def test_snapshots_alike_are_one_set_of_days() -> None:
    for day in (0, 1, 4):
        making.snapshot(days=day, scope=ALL, method="1")
    found = looks()
    assert [(one.days, one.method, one.place) for one in found] == [(when(0, 1, 4), "1", None)]


@pytest.mark.parametrize(
    "rest",
    [
        {"scope": {}},
        {"scope": ALL, "unplaced": 1},
        {"scope": ALL, "state": "running"},
        {"scope": ALL, "state": "failed"},
        {"scope": {**ALL, "checks": ["cve-2019-0001"]}},
    ],
)
def test_what_proves_no_absence_is_no_look(rest: dict[str, Any]) -> None:
    making.snapshot(**rest)
    assert looks() == ()


def test_a_part_of_the_world_covers_its_places_alone() -> None:
    making.snapshot(scope={"cidrs": ["192.0.2.0/24"], "ports": [443]}, blind=["192.0.2.66"])
    assert len(looks(sighting("192.0.2.1"))) == 1
    for ip, port in (("198.51.100.1", 443), ("192.0.2.1", 8443), ("192.0.2.66", 443)):
        assert looks(sighting(ip, port=port)) == ()
    table = LookTable(WORDS)
    assert table.place_matters(making.source().pk)
    moved = table.of([sighting("192.0.2.1"), sighting("198.51.100.1"), sighting("192.0.2.9")])
    assert {one.place.ip for one in moved} == {"192.0.2.1", "192.0.2.9"}  # type: ignore[attr-defined]  # places


def test_only_who_saw_it_can_miss_it() -> None:
    making.snapshot(making.source("a"), scope=ALL)
    assert looks(sighting(source=making.source("b").pk)) == ()


def test_a_method_continues_those_before_it_over_several_steps() -> None:
    for day, (method, before) in enumerate((("1", []), ("2", ["1"]), ("3", ["2"]), ("9", []))):
        making.snapshot(days=day, scope=ALL, method=method, succeeds=before)
    found = {one.method: one.continues for one in looks()}
    assert found == {"1": frozenset(), "2": {"1"}, "3": {"1", "2"}, "9": frozenset()}


def test_methods_that_name_each_other_end() -> None:
    making.snapshot(scope=ALL, method="1", succeeds=["2"])
    making.snapshot(days=1, scope=ALL, method="2", succeeds=["1"])
    assert {one.method: one.continues for one in looks()} == {"1": {"2"}, "2": {"1"}}


def test_what_one_source_says_of_its_methods_says_nothing_of_anothers() -> None:
    one, other = making.source("one"), making.source("other")
    making.snapshot(one, scope=ALL, method="2", succeeds=["1"])
    making.snapshot(other, scope=ALL, method="2")
    assert [row.continues for row in looks(sighting(source=one.pk))] == [frozenset({"1"})]
    assert [row.continues for row in looks(sighting(source=other.pk))] == [frozenset()]
