"""Acts: what they leave behind rises in time, carries the truth, and is inert."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from tocsin.errors import ScenarioError
from tocsin.exercise.acts import proxylogon
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.acts.settings import settings_page
from tocsin.exercise.dice import Dice
from tocsin.exercise.library import load, names
from tocsin.exercise.performing import scripts
from tocsin.exercise.scenario import Act, BuildSpan, Scenario, Server
from tocsin.exercise.story import FileWritten, Request, Trace
from tocsin.packs.loading import data_folder, read_pack

AT = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)
SHELL = "/owa/auth/OutlookUS.aspx"
LADDERS = {
    pack: {rung.id for rung in read_pack(data_folder("campaigns") / pack)[0].file.ladder}
    for pack in ("proxylogon", "web-shell-activity")
}
DOCUMENTATION = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def given(*acts: Act, server: Server | None = None) -> Scenario:
    return Scenario(
        title="A test",
        description="One.",
        innocent=False,
        first_day=date(2021, 3, 1),
        collected=datetime(2021, 3, 20, tzinfo=UTC),
        server=server or Server(builds=(BuildSpan(build="15.1.2106.2", since=date(2020, 10, 2)),)),
        acts=acts,
        expected=(),
    )


def played(act: Act, scenario: Scenario | None = None, seed: int = 3) -> list[Trace]:
    scene = Scene(scenario=scenario or given(act), dice=Dice(seed, "act"))
    return list(scripts()[act.script].perform(act, scene))


def shipped() -> Iterator[tuple[str, Act, Scenario]]:
    for name in names():
        scenario = load(name)
        for act in scenario.acts:
            yield f"{name}: {act.script} {act.at:%d %H:%M}", act, scenario


SHIPPED = list(shipped())


@pytest.mark.parametrize(("act", "scenario"), [pair[1:] for pair in SHIPPED], ids=[one[0] for one in SHIPPED])
def test_shipped_acts_rise_in_time_and_carry_labels(act: Act, scenario: Scenario) -> None:
    traces = played(act, scenario)
    assert traces
    assert [trace.at for trace in traces] == sorted(trace.at for trace in traces)
    assert all(trace.at >= act.at for trace in traces)
    assert traces[-1].at <= scenario.collected, "it would not be collected"
    for trace in traces:
        assert trace.label is not None
        assert trace.label.note
        assert trace.label.means in {"benign", "context", "targeted", "exploited", "compromised"}
        ladder = LADDERS.get(trace.label.campaign, set().union(*LADDERS.values()))
        assert not trace.label.rung or trace.label.rung in ladder
        assert not (trace.label.provable and trace.label.means in {"benign", "context"})


@pytest.mark.parametrize(("act", "scenario"), [pair[1:] for pair in SHIPPED], ids=[one[0] for one in SHIPPED])
def test_innocent_scenarios_hold_nothing_that_succeeded(act: Act, scenario: Scenario) -> None:
    graver = {trace.label.means for trace in played(act, scenario) if trace.label}
    if scenario.innocent:
        assert not graver & {"exploited", "compromised"}


@pytest.mark.parametrize(("act", "scenario"), [pair[1:] for pair in SHIPPED], ids=[one[0] for one in SHIPPED])
def test_only_documentation_addresses_are_used(act: Act, scenario: Scenario) -> None:
    for trace in played(act, scenario):
        if isinstance(trace, Request):
            for text in (trace.client, trace.forwarded):
                assert not text or any(ip_address(text) in net for net in DOCUMENTATION)
            assert trace.host.endswith(".example")


def test_equal_dice_give_equal_traces() -> None:
    act = Act(script="proxylogon", at=AT, rung="ransomware", shell=SHELL)
    assert played(act) == played(act)
    assert played(act) != played(act, seed=4)


def test_each_rung_leaves_all_that_the_lower_ones_leave() -> None:
    before: set[str] = set()
    for rung in proxylogon.RUNGS:
        traces = played(Act(script="proxylogon", at=AT, rung=rung, shell=SHELL))
        now = {trace.label.rung for trace in traces if trace.label and trace.label.provable}
        assert now == before | {rung}
        before = now
    assert before <= LADDERS["proxylogon"]


def test_a_rung_that_there_is_not_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no rung 'moon'"):
        played(Act(script="proxylogon", at=AT, rung="moon"))


def test_a_refused_script_shows_no_success() -> None:
    for script in ("proxylogon-refused", "red-team-test"):
        for trace in played(Act(script=script, at=AT)):
            assert isinstance(trace, Request)
            assert trace.status >= 400
            assert not trace.backend


def test_a_server_side_request_asks_the_back_end_for_its_own_path() -> None:
    session = [
        trace
        for trace in played(Act(script="proxylogon", at=AT, rung="ecp-session"))
        if isinstance(trace, Request) and trace.status == 241
    ]
    assert [(one.stem, one.backend_stem) for one in session] == [("/ecp/y.js", "/ecp/proxyLogon.ecp")]
    assert session[0].anchor.endswith("/ecp/proxyLogon.ecp?#")


def test_strangers_are_answered_as_the_page_stands() -> None:
    acts = (
        Act(script="proxylogon", at=AT, rung="shell-reachable", shell=SHELL),
        Act(script="removal", at=AT + timedelta(days=3), shell=SHELL.upper()),
    )
    scenario = given(*acts)
    answers = []
    for days in (-1, 1, 4):
        act = Act(script="shell-visit", at=AT + timedelta(days=days), shell=SHELL)
        answers.append({trace.status for trace in played(act, scenario) if isinstance(trace, Request)})
    assert answers == [{302}, {200}, {302}]


def test_a_page_outside_exchange_is_absent_with_404_and_seen_by_no_proxy() -> None:
    act = Act(script="shell-visit", at=AT, shell="/aspnet_client/none.aspx")
    for trace in played(act):
        assert isinstance(trace, Request)
        assert (trace.status, trace.proxied) == (404, False)


def test_behind_a_reverse_proxy_the_client_is_the_proxy() -> None:
    act = Act(script="shell-scan", at=AT, address="203.0.113.7")
    scenario = given(act, server=Server(reverse_proxy="192.0.2.5"))
    seen = {(one.client, one.forwarded) for one in played(act, scenario) if isinstance(one, Request)}
    assert seen == {("192.0.2.5", "203.0.113.7")}


def test_pages_are_inert() -> None:
    for name in names():
        scenario = load(name)
        for act in scenario.acts:
            for trace in played(act, scenario):
                if isinstance(trace, FileWritten):
                    words = re.findall(rb"\beval\b|Request\b|Process\b|Convert\b|Assembly\b", trace.content)
                    assert not words, (name, trace.path)


def test_the_settings_page_states_the_cumulative_update_only() -> None:
    spans = (
        BuildSpan(build="15.1.2106.2", since=date(2020, 10, 2)),
        BuildSpan(build="15.1.2106.13", since=date(2021, 3, 2)),
    )
    scene = Scene(scenario=given(server=Server(builds=spans, utc_offset="-08:00")), dice=Dice(1))
    page = settings_page(scene, url="http://f/", at=AT, created=AT - timedelta(days=90)).decode()
    assert "Version 15.1 (Build 2106.2)" in page
    assert re.search(r"^WhenChanged {25}: 3/2/2021 10:49:42 PM\r$", page, re.MULTILINE)
    assert re.search(r"^WhenChangedUTC {22}: 3/3/2021 6:49:42 AM\r$", page, re.MULTILINE)
