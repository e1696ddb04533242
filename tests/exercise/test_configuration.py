"""The configuration of a made server: Tocsin's judge says of it exactly what the scenario means."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.detections.exposure_makers import exchange
from tests.exercise.workshops import BUILDS, items_of, mitigated, run, scenario, workshop

from tocsin.artefacts import iis_config
from tocsin.detections.mitigations import MitigationCollector
from tocsin.errors import ScenarioError
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.scenario import Collection, MitigationSpan, Scenario, Server
from tocsin.exercise.writers.configuration import Configuration
from tocsin.model.records import Record
from tocsin.model.verdicts import MitigationSeen
from tocsin.model.words import MitigationStatus as Is

DAY = date(2021, 3, 3)
REWRITING = ("backend-cookie-rules", "owa-csp-rule", "powershell-rule")
POOLS = ("ecp-pool-off", "oab-pool-off")
ROOT = "C/inetpub/wwwroot/web.config"
HOST = "C/Windows/System32/inetsrv/config/applicationHost.config"


def span(name: str, state: str = "effective", since: date = DAY) -> MitigationSpan:
    return MitigationSpan(id=name, since=since, state=state)


def made(root: Path, given: Scenario) -> None:
    run(workshop(root, given), Configuration)


def judged(root: Path, given: Scenario) -> dict[str, MitigationSeen]:
    made(root, given)
    collector = MitigationCollector()
    with open_evidence(root) as evidence:
        for source in evidence.sources():
            for item in iis_config.parse(source):
                collector.observe(item, source)
    return {one.id: one for one in collector.judge(exchange())}


def test_a_server_without_mitigations_has_none(tmp_path: Path) -> None:
    found = judged(tmp_path, scenario())
    assert {one.id: one.status for one in found.values()} == {
        **dict.fromkeys((*REWRITING, *POOLS), Is.ABSENT),
        "um-services-off": Is.UNKNOWN,
    }


@pytest.mark.parametrize("name", [*REWRITING, *POOLS])
def test_effective(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, mitigated(span(name)))
    assert found[name].status is Is.EFFECTIVE, found[name].why
    assert found[name].start == datetime(2021, 3, 3, 9, 30, tzinfo=UTC)
    others = {one.status for one in found.values() if one.id not in {name, "um-services-off"}}
    assert others == {Is.ABSENT}


@pytest.mark.parametrize("name", REWRITING)
@pytest.mark.parametrize(("state", "status"), [("partial", Is.PARTIAL), ("disabled", Is.ABSENT)])
def test_half_done_is_partial_and_switched_off_is_absent(
    tmp_path: Path, name: str, state: str, status: Is
) -> None:
    found = judged(tmp_path, mitigated(span(name, state)))[name]
    assert found.status is status, found.why
    assert ("disabled" in found.why) == (state == "disabled")


def test_one_rule_of_two_names_the_other(tmp_path: Path) -> None:
    found = judged(tmp_path, mitigated(span("backend-cookie-rules", "partial")))["backend-cookie-rules"]
    assert "X-BEResource Abort - inbound" in found.why


def test_an_early_pattern_can_be_got_round(tmp_path: Path) -> None:
    found = judged(tmp_path, mitigated(span("powershell-rule", "partial")))["powershell-rule"]
    assert "early pattern" in found.why


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_that_starts_again_is_no_mitigation(tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, mitigated(span(name, "disabled")))[name].status is Is.ABSENT


@pytest.mark.parametrize("name", [*REWRITING, *POOLS])
def test_malformed_is_invalid_whatever_stands_in_it(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, mitigated(span(name, "malformed")))[name]
    assert found.status is Is.CONFIGURATION_INVALID, found.why
    broken = [
        path for path, items in items_of(tmp_path).items() if not any(isinstance(i, Record) for i in items)
    ]
    assert broken == [found.locator.path if found.locator else None]


def test_several_mitigations_stand_side_by_side(tmp_path: Path) -> None:
    names = ("backend-cookie-rules", "powershell-rule", "ecp-pool-off", "um-services-off")
    found = judged(tmp_path, mitigated(*map(span, names)))
    assert [found[name].status for name in names] == [Is.EFFECTIVE, Is.EFFECTIVE, Is.EFFECTIVE, Is.UNKNOWN]


def test_the_last_state_before_the_collection_counts(tmp_path: Path) -> None:
    name = "backend-cookie-rules"
    spans = (
        span(name, "disabled", date(2021, 3, 4)),
        span(name, "effective", date(2021, 3, 3)),
        span(name, "malformed", date(2021, 3, 6)),
    )
    found = judged(tmp_path, mitigated(*spans))[name]
    assert (found.status, "disabled" in found.why) == (Is.ABSENT, True)


def test_a_mitigation_of_the_day_of_collection_came_before_it(tmp_path: Path) -> None:
    given = mitigated(span("ecp-pool-off", since=date(2021, 3, 5)))
    found = judged(tmp_path, given)["ecp-pool-off"]
    assert (found.status, found.start) == (Is.EFFECTIVE, given.collected)


def test_exchange_on_another_drive_is_found_by_its_configuration(tmp_path: Path) -> None:
    server = Server(builds=BUILDS, drive="D", exchange_root="Exch", mitigations=(span("powershell-rule"),))
    found = judged(tmp_path, scenario(server=server))["powershell-rule"]
    assert found.status is Is.EFFECTIVE, found.why
    assert found.locator is not None
    assert found.locator.path == "D/Exch/FrontEnd/HttpProxy/Autodiscover/web.config"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (span("no-such"), "no such mitigation: no-such. There are: backend-cookie-rules"),
        (span("ecp-pool-off", "broken"), "no such state: broken"),
        (span("ecp-pool-off", "partial"), "cannot be partial"),
        (span("um-services-off", "disabled"), "cannot be disabled"),
    ],
)
def test_what_a_scenario_cannot_mean_is_refused(tmp_path: Path, given: MitigationSpan, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        made(tmp_path, mitigated(given))
    assert said.partition(".")[0] in str(caught.value)
    assert caught.value.remedy


def test_a_disk_not_taken_has_no_configuration(tmp_path: Path) -> None:
    made(tmp_path, scenario(collection=Collection(disk=False)))
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_iis_are_read_back(tmp_path: Path) -> None:
    made(tmp_path, scenario())
    host = [item for item in items_of(tmp_path)[HOST] if isinstance(item, Record)]
    sites = [item.fields for item in host if item.fields["Element"] == "virtual-directory"]
    assert {fields["Application"]: fields["PhysicalPath"] for fields in sites}["/OAB"] == (
        "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\HttpProxy\\OAB"
    )
    (log,) = [item.fields for item in host if item.fields["Element"] == "site-log"]
    assert "Referer" in (log["LogExtFileFlags"] or "")
    root = [item.fields["Element"] for item in items_of(tmp_path)[ROOT] if isinstance(item, Record)]
    assert root == ["document"]
