"""Exposure of the real configuration and the real logs: patched, conflicts shown, nothing mitigated."""

from __future__ import annotations

import functools

import pytest
from tests.conftest import REAL_EVIDENCE
from tests.detections.exposure_makers import exchange

from tocsin.artefacts.registry import identify
from tocsin.detections.build_exposure import exposure_of
from tocsin.detections.builds import BuildCollector, BuildEvidence
from tocsin.detections.mitigations import MitigationCollector
from tocsin.evidence.opening import open_evidence
from tocsin.model.verdicts import MitigationSeen
from tocsin.model.words import Exposure, MitigationStatus

pytestmark = pytest.mark.real

PROXYLOGON = ["CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"]


@functools.cache
def read(case: str) -> tuple[BuildEvidence, dict[str, MitigationSeen]]:
    builds, mitigations = BuildCollector(), MitigationCollector()
    with open_evidence(next(REAL_EVIDENCE.glob(f"{case}-*")) / "evidence") as evidence:
        for source in evidence.sources():
            module = identify(source)
            for item in module.parse(source) if module else ():
                builds.observe(item, source)
                mitigations.observe(item, source)
    return builds.result(exchange()), {one.id: one for one in mitigations.judge(exchange())}


def test_d04_is_patched_and_shows_the_setup_log_of_another_machine() -> None:
    found, _ = read("D04")
    assert [(one.rank, one.build) for one in found.seen] == [
        (1, "15.1.2375.7"),
        (3, "15.1.2375.7"),
        (4, "15.1.2106.2"),
    ]
    (conflict,) = found.conflicts
    assert "15.1.2106.2" in conflict.what
    assert conflict.followed.startswith("15.1.2375.7")
    assert not found.patch_incomplete
    exposure = exposure_of(exchange(), PROXYLOGON, found.seen)
    assert exposure.exposure is Exposure.PATCHED
    assert exposure.fix is None
    assert "CU22" in exposure.because


def test_d04_is_not_mitigated() -> None:
    """Services stand in the registry, which was not collected: that one alone stays unknown."""
    _, mitigations = read("D04")
    assert mitigations.pop("um-services-off").status is MitigationStatus.UNKNOWN
    assert len(mitigations) == 5
    assert {one.status for one in mitigations.values()} == {MitigationStatus.ABSENT}
    assert all(one.locator for one in mitigations.values())


def test_d03_is_patched_by_its_logs_alone() -> None:
    found, mitigations = read("D03")
    assert [(one.rank, one.build) for one in found.seen] == [(2, "15.1.2375.7")]
    assert found.conflicts == ()
    assert exposure_of(exchange(), PROXYLOGON, found.seen).exposure is Exposure.PATCHED
    assert {one.status for one in mitigations.values()} == {MitigationStatus.UNKNOWN}


def test_d06_shows_the_cumulative_update_and_not_the_update() -> None:
    found, _ = read("D06")
    assert [(one.rank, one.build) for one in found.seen] == [(5, "15.1.2106.2")]
    assert exposure_of(exchange(), PROXYLOGON, found.seen).exposure is Exposure.UNKNOWN
