"""The whole way through the house, on the example and on small collections made here.

Held as properties: the container and the order of files never matter, withholding a log never makes
the verdict more certain, and every line of every log is accounted for.
"""

from __future__ import annotations

import functools
import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.assessment.whole_logs import IIS_HEAD, collection

from tocsin.assessment.assess import Knowledge
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.errors import EvidenceError
from tocsin.model.verdicts import Assessment, Verdict
from tocsin.model.words import Compromise, Exposure, Means, Presence
from tocsin.report.json_document import encode

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "proxylogon-march-2021"
GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CERTAINTY = (
    Compromise.UNDETERMINED,
    Compromise.NO_EVIDENCE,
    Compromise.TARGETED,
    Compromise.EXPLOITED,
    Compromise.COMPROMISED,
)


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


def assessed(folder: Path) -> Assessment:
    return assess_evidence(Request(evidence=folder, at=NOW), knowledge())


@functools.cache
def example_as_it_stands() -> Assessment:
    return assessed(EXAMPLE)


def verdict(assessment: Assessment, campaign: str = "proxylogon") -> Verdict:
    return next(one for one in assessment.verdicts if one.campaign == campaign)


def essence(assessment: Assessment) -> list[object]:
    """All but what a container may change: its own name and hash, and the files' times of change."""
    told = [
        (
            one.campaign, one.exposure, one.compromise, one.residual, one.rung, one.attempts, one.first_seen,
            one.last_seen, one.clusters, one.webshells, one.mitigations, one.exposure_window, one.next_steps,
            [(found.id, found.means, found.rung, found.locator) for found in one.findings],
        )
        for one in assessment.verdicts
    ]  # fmt: skip
    return [told, assessment.coverage.artefacts, assessment.coverage.skipped, assessment.exit_status]


def without_times(folder: Path) -> None:
    """Give every file the same time of change, which zips round to two seconds."""
    import os  # noqa: PLC0415 - used here only

    for path in folder.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


@pytest.fixture
def example(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    shutil.copytree(EXAMPLE, folder)
    without_times(folder)
    return folder


def test_example_is_told_in_full(example: Path, golden: Callable[[Path, str], None]) -> None:
    found = assessed(example)
    packs = tuple(replace(pack, sha256="of the pack's files") for pack in found.packs)
    text = encode(replace(found, packs=packs)).decode()
    settled = re.sub(
        r'(?<="score": )0\.\d+', "0.0", text
    )  # a page's score moves with every fit of the weights
    golden(GOLDEN / "example.json", settled)


def test_a_zip_gives_the_same_verdict_as_its_folder(example: Path, tmp_path: Path) -> None:
    packed = tmp_path / "case.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(example.rglob("*"), reverse=True):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(example)), (2023, 11, 14, 22, 13, 20))
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    assert essence(assessed(packed)) == essence(assessed(example))


@pytest.mark.parametrize(
    "withheld", ["HttpProxy", "ECP", "W3SVC1", "aspnet_client", "web.config", "ExchangeSetupLogs"]
)
def test_withholding_a_log_never_makes_the_verdict_more_certain(example: Path, withheld: str) -> None:
    whole = verdict(example_as_it_stands())
    for path in sorted(example.rglob("*")):
        if path.is_file() and withheld in str(path):
            path.unlink()
    less = verdict(assessed(example))
    assert CERTAINTY.index(less.compromise) <= CERTAINTY.index(whole.compromise)
    assert less.compromise not in {Compromise.NO_EVIDENCE, Compromise.TARGETED}


def test_every_line_is_accounted_for(example: Path) -> None:
    coverage = assessed(example).coverage
    lined = [row for row in coverage.artefacts if row.lines]
    assert {row.kind for row in lined} >= {"iis.w3c", "exchange.httpproxy", "exchange.ecp-server"}
    for row in lined:
        assert row.records + row.unreadable + row.headers + row.blank == row.lines
    logs = [path for path in example.rglob("*") if path.suffix.lower() == ".log"]
    assert sum(path.read_bytes().count(b"\n") for path in logs) == sum(
        row.lines for row in lined if not row.kind.startswith("text")
    )


def test_example_story(example: Path) -> None:
    found = verdict(assessed(example))
    assert found.compromise is Compromise.COMPROMISED
    assert found.exposure is Exposure.PATCHED
    assert found.exposure_window.end is not None
    assert f"{found.exposure_window.end:%Y-%m-%d %H}" == "2021-03-09 19"
    presences = {shell.url: shell.presence for shell in found.webshells}
    assert presences == {
        "/owa/auth/OutlookUS.aspx": Presence.ABSENT_ON_DISK,
        "/aspnet_client/discover.aspx": Presence.PRESENT,
    }


# --- small collections ------------------------------------------------------------------------


def test_patched_and_seen_whole_is_the_rare_zero(tmp_path: Path) -> None:
    found = assessed(collection(tmp_path / "c"))
    assert [(one.campaign, one.compromise) for one in found.verdicts] == [
        ("proxylogon", Compromise.NO_EVIDENCE),
        ("web-shell-activity", Compromise.NO_EVIDENCE),
    ]
    assert (verdict(found).exposure, found.exit_status) == (Exposure.PATCHED, 0)


def test_attempts_that_the_logs_show_to_fail_are_targeted(tmp_path: Path) -> None:
    found = assessed(collection(tmp_path / "c", attack="503"))
    assert verdict(found).compromise is Compromise.TARGETED
    assert (verdict(found).attempts, found.exit_status) == (1, 11)


def test_vulnerable_is_told_though_nothing_was_seen(tmp_path: Path) -> None:
    found = assessed(collection(tmp_path / "c", patched=999))
    assert (verdict(found).exposure, verdict(found).compromise) == (
        Exposure.VULNERABLE,
        Compromise.NO_EVIDENCE,
    )
    assert verdict(found).fix is not None
    assert found.exit_status == 10


def test_a_month_without_its_log_is_undetermined(tmp_path: Path) -> None:
    folder = collection(tmp_path / "c")
    for path in folder.rglob("HttpProxy_202102*"):
        path.unlink()
    found = assessed(folder)
    assert verdict(found).compromise is Compromise.UNDETERMINED
    gap = next(row for row in found.coverage.artefacts if row.kind == "exchange.httpproxy").gaps
    assert [(one.start, one.end) for one in gap] == [
        (datetime(2021, 2, 1, tzinfo=UTC), datetime(2021, 3, 1, tzinfo=UTC))
    ]
    assert found.exit_status == 4


def test_a_log_that_begins_late_is_undetermined(tmp_path: Path) -> None:
    folder = collection(tmp_path / "c")
    for path in folder.rglob("HttpProxy_202101*"):
        path.unlink()
    assert verdict(assessed(folder)).compromise is Compromise.UNDETERMINED


def test_strangers_asking_another_server_are_no_sign_of_exchange(tmp_path: Path) -> None:
    sites = tmp_path / "c/inetpub/logs/LogFiles/W3SVC1"
    sites.mkdir(parents=True)
    row = "2021-03-03 06:49:42 192.0.2.1 GET /owa/auth/logon.aspx - 443 - 198.51.100.3 zgrab - 404 0 2 5\n"
    (sites / "u_ex210303.log").write_text(IIS_HEAD + row)
    found = assessed(tmp_path / "c")
    assert [one.campaign for one in found.verdicts] == ["web-shell-activity"]
    assert {finding.means for one in found.verdicts for finding in one.findings} <= {Means.CONTEXT}
    assert found.exit_status == 4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.log", b""),
        ("noise.bin", bytes(range(256)) * 40),
        ("half.evtx", b"ElfFile\x00" + b"\x01" * 5000),
        ("web.config", b"<configuration><system.webServer>"),
        ("u_ex.log", IIS_HEAD.encode() + b"2021-03-03 06:49"),
        ("wide.log", "#Fields: date\n".encode("utf-16")),
    ],
)
def test_poor_input_is_undetermined_and_never_clear(tmp_path: Path, name: str, content: bytes) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / name).write_bytes(content)
    if content:
        assert assessed(folder).exit_status == 4
    else:
        with pytest.raises(EvidenceError, match=r"nothing|no file|empty") as caught:
            assessed(folder)
        assert caught.value.exit_status == 4
