"""The scenario library as a whole: wide enough, sound, and its words known."""

from __future__ import annotations

from collections import Counter

import pytest

from tocsin.exercise.acts.proxylogon import RUNGS
from tocsin.exercise.faulting import kinds
from tocsin.exercise.library import load, names
from tocsin.exercise.performing import scripts
from tocsin.model.words import Compromise, Exposure, Residual
from tocsin.packs.loading import data_folder, read_pack

ALL = {name: load(name) for name in names()}
LADDERS = {
    path.name: {rung.id for rung in read_pack(path)[0].file.ladder}
    for path in data_folder("campaigns").iterdir()
    if (path / "pack.yaml").is_file()
}
MISSED = {
    "exchange.httpproxy",
    "exchange.ews",
    "exchange.ecp-server",
    "exchange.cmdletinfra",
    "exchange.oabgenerator",
    "iis.w3c",
    "http.err",
    "iis.config",
    "aspnet.compiled",
    "event.msexchange-management",
    "event.application",
    "event.security",
    "event.sysmon",
    "event.system",
    "event.defender",
}


@pytest.mark.parametrize("name", ALL)
def test_words_are_those_of_the_verdict(name: str) -> None:
    scenario = ALL[name]
    assert scenario.title
    assert scenario.expected
    for one in scenario.expected:
        assert Exposure(one.exposure)
        assert Compromise(one.compromise)
        assert Residual(one.residual)
        assert not one.rung or one.rung in LADDERS[one.campaign]
    guilty = {one.compromise for one in scenario.expected} & {"exploited", "compromised"}
    assert bool(guilty) is not scenario.innocent


@pytest.mark.parametrize("name", ALL)
def test_scripts_and_faults_are_there(name: str) -> None:
    scenario = ALL[name]
    assert {act.script for act in scenario.acts} <= set(scripts())
    assert {fault.kind for fault in scenario.collection.faults} <= set(kinds())
    assert all(scenario.first_day <= act.at.date() for act in scenario.acts)


def test_every_script_and_every_fault_is_used() -> None:
    assert {act.script for one in ALL.values() for act in one.acts} == set(scripts())
    assert {fault.kind for one in ALL.values() for fault in one.collection.faults} == set(kinds())


def test_there_are_enough_of_both() -> None:
    count = Counter(scenario.innocent for scenario in ALL.values())
    assert count[True] >= 12
    assert count.total() >= 24


def test_every_rung_of_proxylogon_is_the_highest_of_a_scenario() -> None:
    reached = {
        one.rung for scenario in ALL.values() for one in scenario.expected if one.campaign == "proxylogon"
    }
    assert set(RUNGS) <= reached
    assert {"mail-read", "um-deserialisation"} <= reached


def test_each_log_is_missing_once() -> None:
    withheld = {kind for scenario in ALL.values() for kind in scenario.collection.withhold}
    assert withheld >= MISSED
    assert any(not scenario.collection.disk for scenario in ALL.values())


def test_servers_and_collections_are_of_many_kinds() -> None:
    servers = [scenario.server for scenario in ALL.values()]
    collections = [scenario.collection for scenario in ALL.values()]
    assert {
        span.build.rpartition(".")[0].rpartition(".")[0] for server in servers for span in server.builds
    } == {
        "15.0",
        "15.1",
        "15.2",
    }
    assert len({server.drive for server in servers}) >= 3
    assert len({server.utc_offset for server in servers}) >= 6
    assert len({server.language for server in servers}) >= 3
    assert any(server.reverse_proxy for server in servers)
    assert {one.layout for one in collections} == {"disk", "kape", "velociraptor", "loose"}
    assert {one.events for one in collections} == {"evtx", "xml", "jsonl"}


def test_every_word_is_the_right_answer_of_a_scenario() -> None:
    said = [one for scenario in ALL.values() for one in scenario.expected if one.campaign == "proxylogon"]
    assert {one.compromise for one in said} == set(Compromise)
    assert {one.exposure for one in said} == {"vulnerable", "patched", "mitigated", "partially-mitigated"}
    assert {one.residual for one in said} == set(Residual)
