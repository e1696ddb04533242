"""Everyday traffic: as much as was asked for, in the order of time, by people who keep hours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, takewhile

import pytest
from msgspec.structs import replace

from tocsin.exercise import clients
from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Act, BuildSpan, Scenario, Server
from tocsin.exercise.story import Request, Trace
from tocsin.exercise.traffic import everyday

MONDAY = datetime(2021, 3, 1, tzinfo=UTC)
WEEK = Scenario(
    title="t",
    description="d",
    innocent=True,
    first_day=date(2021, 3, 1),
    collected=MONDAY + timedelta(days=7),
    server=Server(mailboxes=30),
    expected=(),
)


def week(scenario: Scenario, seed: int = 1) -> list[Trace]:
    traces = everyday(scenario, Dice(seed, "t"))
    return list(takewhile(lambda trace: trace.at <= scenario.collected, traces))


def requests(traces: list[Trace]) -> list[Request]:
    return [trace for trace in traces if isinstance(trace, Request)]


@pytest.mark.parametrize("traffic", [200, 2000])
def test_there_is_about_as_much_as_was_asked_for(traffic: int) -> None:
    found = requests(week(replace(WEEK, traffic=traffic)))
    assert 0.85 < len(found) / (7 * traffic) < 1.15


def test_no_traffic_is_none() -> None:
    assert week(replace(WEEK, traffic=0)) == []


def test_times_rise_and_nothing_is_labelled() -> None:
    traces = week(replace(WEEK, traffic=500))
    assert all(one.at <= two.at for one, two in pairwise(traces))
    assert not [trace for trace in traces if trace.label]


def test_equal_seeds_give_equal_traffic_and_others_do_not() -> None:
    scenario = replace(WEEK, traffic=100)
    assert week(scenario) == week(scenario)
    assert week(scenario) != week(scenario, seed=2)


def test_people_work_by_their_own_clock() -> None:
    server = Server(mailboxes=30, utc_offset="-08:00")
    found = requests(week(replace(WEEK, traffic=4000, server=server)))
    calls = Counter(
        (one.at - timedelta(hours=8)).hour for one in found if one.protocol == "Mapi" and one.front
    )
    people = Counter({hour: count for hour, count in calls.items() if count})
    assert people[10] > 5 * max(people[3], 1)


@pytest.mark.parametrize(
    ("build", "agent", "session", "shell"),
    [
        ("15.1.2176.9", "15.01.2176.009", "Version_15.1_(Build_2175.0)", "5.1.14393."),
        ("15.2.792.10", "15.02.0792.010", "Version_15.2_(Build_791.0)", "5.1.17763."),
        ("15.0.1497.2", "15.00.1497.002", "Version_15.0_(Build_1496.0)", "4.0"),
    ],
)
def test_the_server_s_own_clients_name_the_build_that_runs(
    build: str, agent: str, session: str, shell: str
) -> None:
    later = BuildSpan(build="15.1.2176.13", since=date(2021, 3, 5), dlls=build)
    server = Server(builds=(BuildSpan(build=build, since=date(2020, 1, 1)), later))
    found = requests(week(replace(WEEK, traffic=800, server=server)))
    probes = {one.agent for one in found if one.agent.startswith("Ews_AM_Probe")}
    assert probes == {f"Ews_AM_Probe/Local (ExchangeServicesClient/{agent})"}
    queries = [one.query for one in found if "PSVersion" in one.query]
    assert queries
    assert all(f"PSVersion={shell}" in query for query in queries)
    assert any(f"sessionID={session}=" in query for query in queries)
    assert {one.stem.split("/")[3] for one in found if one.stem.startswith("/owa/prem/")} == {build}
    errors = [one.query for one in found if one.stem.lower() == "/owa/auth/errorfe.aspx"]
    assert all(f"&owaVer={build}&" in query for query in errors)


def test_clients_follow_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_FAILING", 1.0)
    builds = (
        BuildSpan(build="15.1.2176.2", since=date(2021, 1, 1)),
        BuildSpan(build="15.1.2176.9", since=date(2021, 3, 4)),
    )
    found = requests(week(replace(WEEK, traffic=800, server=Server(mailboxes=30, builds=builds))))
    for starts, old, new in (
        ("Ews_AM_Probe", "2176.002", "2176.009"),
        ("", "owaVer=15.1.2176.2&", "2176.9&"),
    ):
        told = [
            (one.at < MONDAY + timedelta(days=3), one.agent if starts else one.query)
            for one in found
            if (one.agent.startswith(starts) if starts else "owaVer" in one.query)
        ]
        assert {early for early, _ in told} == {True, False}
        assert all((old if early else new) in text for early, text in told)


def test_the_first_leg_is_refused_and_followed_by_the_same_call() -> None:
    found = [one for one in requests(week(replace(WEEK, traffic=800))) if one.protocol == "Autodiscover"]
    refused = [one for one in found if one.status == 401 and one.win32]
    assert refused
    for one in refused:
        again = [two for two in found if two.client == one.client and two.agent == one.agent and two.user]
        assert [two for two in again if timedelta() < two.at - one.at < timedelta(seconds=1)]


def test_an_intruder_s_address_is_nobody_else_s() -> None:
    act = Act(script="proxylogon", at=MONDAY, address="198.51.100.23")
    found = requests(week(replace(WEEK, traffic=3000, acts=(act,))))
    assert "198.51.100.23" not in {one.client for one in found}


def test_behind_a_proxy_strangers_come_from_the_proxy() -> None:
    server = Server(mailboxes=30, reverse_proxy="192.0.2.5")
    found = requests(week(replace(WEEK, traffic=500, server=server)))
    outside = [one for one in found if one.client.startswith(("198.51.100.", "203.0.113."))]
    assert not outside
    assert {one.client for one in found if one.forwarded} == {"192.0.2.5"}
