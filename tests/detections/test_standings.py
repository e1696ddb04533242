"""Where builds stand: spot checks against the sources, the whole table, and properties."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.exposure_makers import exchange

from tocsin.detections.standings import Status, is_rollup, standing
from tocsin.packs.versions import key

SSRF = "CVE-2021-26855"
UM = "CVE-2021-26857"
SHELL = "CVE-2021-34473"
OWASSRF = "CVE-2022-41080"
OWA_2026 = "CVE-2026-42897"

# Each row: CVE, build, answer, and why that is right according to a source other than the code.
SPOT_CHECKS = [
    # March 2021 back-ports (KB5000871 names a build for each of these cumulative updates)
    (SSRF, "15.0.847.64", Status.FIXED),  # 2013 SP1 back-port; righel and the vendor's docs
    (SSRF, "15.0.847.32", Status.VULNERABLE),  # 2013 SP1 before it
    (SSRF, "15.0.1395.12", Status.FIXED),  # 2013 CU21 back-port
    (SSRF, "15.0.1473.5", Status.VULNERABLE),  # 2013 CU22, one update short
    (SSRF, "15.0.1497.12", Status.FIXED),  # 2013 CU23 Mar21SU
    (SSRF, "15.1.1415.10", Status.FIXED),  # 2016 CU8 back-port (docs, righel; HealthChecker says .8)
    (SSRF, "15.1.1466.16", Status.FIXED),  # 2016 CU9 back-port (docs, righel; HealthChecker says .13)
    (SSRF, "15.1.1779.8", Status.FIXED),  # 2016 CU13 back-port
    (SSRF, "15.1.2044.13", Status.FIXED),  # 2016 CU17 back-port
    (SSRF, "15.2.221.18", Status.FIXED),  # 2019 RTM back-port; missing from HealthChecker's table
    (SSRF, "15.2.721.13", Status.FIXED),  # 2019 CU7, the "CU7 of the day"
    # the cumulative updates of the day
    (SSRF, "15.1.2106.2", Status.VULNERABLE),  # 2016 CU18 as released
    (SSRF, "15.1.2106.13", Status.FIXED),  # 2016 CU18 Mar21SU, lower than many open builds
    (SSRF, "15.1.2176.2", Status.VULNERABLE),  # 2016 CU19 as released, higher than 15.1.2106.13
    (SSRF, "15.2.792.10", Status.FIXED),  # 2019 CU8 Mar21SU
    (SSRF, "15.1.2242.4", Status.FIXED),  # 2016 CU20 (March 2021) carries the fix
    (SSRF, "15.2.858.5", Status.FIXED),  # 2019 CU9 carries the fix
    (SSRF, "15.1.2375.7", Status.FIXED),  # 2016 CU22
    # no update on the branch
    (SSRF, "15.1.1261.35", Status.VULNERABLE_NO_UPDATE),  # 2016 CU7: back-ports begin at CU8
    (SSRF, "15.0.1367.3", Status.VULNERABLE_NO_UPDATE),  # 2013 CU20: back-ports begin at CU21
    # patched against ProxyLogon and open to ProxyShell (Apr21SU exists for CU19, CU20, CU8, CU9, 2013 CU23)
    (SHELL, "15.1.2106.13", Status.VULNERABLE_NO_UPDATE),  # CU18 Mar21SU
    (SHELL, "15.1.2176.12", Status.FIXED),  # CU19 Apr21SU
    (SHELL, "15.2.792.10", Status.VULNERABLE),  # 2019 CU8 Mar21SU: Apr21SU exists
    # ProxyNotShell and OWASSRF: Nov22SU builds of facts section 2
    (OWASSRF, "15.1.2507.16", Status.FIXED),  # 2016 CU23 Nov22SU
    # Exchange 2010: affected by the Unified Messaging flaw alone, fixed by rollup 32
    (UM, "14.3.509.0", Status.VULNERABLE),  # SP3 RU31
    (UM, "14.3.513.0", Status.FIXED),  # SP3 RU32
    (SSRF, "14.3.509.0", Status.NOT_AFFECTED),
    (UM, "14.2.375.0", Status.VULNERABLE_NO_UPDATE),  # SP2: RU32 is for SP3
    # Subscription Edition (July 2025) was never affected in 2021; OWA-XSS: an update on the branch
    (SSRF, "15.2.2562.17", Status.NOT_AFFECTED),
    (OWA_2026, "15.2.2562.17", Status.VULNERABLE),
]


@pytest.mark.parametrize(("cve", "build", "status"), SPOT_CHECKS)
def test_spot_checks(cve: str, build: str, status: Status) -> None:
    found = standing(exchange(), cve, build)
    assert found.status is status
    assert found.known
    assert bool(found.fix) is status.is_open


def test_the_whole_table_for_proxylogon() -> None:
    """Figures of facts section 2: 289 builds of 2013, 2016 and 2019."""
    builds = [row.build for row in exchange().builds if row.product[-4:] in {"2013", "2016", "2019"}]
    counts = Counter(standing(exchange(), SSRF, build).status for build in builds)
    assert len(builds) == 289
    assert counts == {Status.FIXED: 160, Status.VULNERABLE: 93, Status.VULNERABLE_NO_UPDATE: 36}


def test_every_answer_of_the_table_cites_its_row() -> None:
    for row in exchange().builds:
        for cve in (SSRF, UM, SHELL, OWA_2026):
            found = standing(exchange(), cve, row.build)
            assert found.why.endswith(".")
            if found.status is not Status.NOT_AFFECTED:
                assert found.row is not None
                assert found.row.startswith("products/exchange/cves.csv:")
                assert found.sources


@pytest.mark.parametrize(
    ("build", "status", "said"),
    [
        ("15.1.2176", Status.UNKNOWN, "15.1.2176.2 is vulnerable and 15.1.2176.9 is fixed"),
        ("15.1.2106.0", Status.UNKNOWN, "does not show the update"),
        ("15.1.2375", Status.FIXED, "Every known build of the branch"),
        ("15.1.2375.0", Status.FIXED, "Every known build of the branch"),
        ("15.1.1261", Status.VULNERABLE_NO_UPDATE, "Every known build of the branch"),
        ("15.1.2106.11", Status.VULNERABLE, "lies between 15.1.2106.8 and 15.1.2106.13"),
        ("15.1.2106.99", Status.FIXED, "newer than the newest build in the tables"),
        ("15.1.2106.1", Status.VULNERABLE, "older than the first build of its branch"),
        ("15.1.2600.1", Status.FIXED, "This branch is not in the tables"),
        ("15.0.1600.1", Status.FIXED, "newer than any in the tables"),
        ("15.1.2000.3", Status.UNKNOWN, "lies between known releases"),
        ("15.0.0.0", Status.UNKNOWN, "no build"),
        ("16.0.18526.20508", Status.UNKNOWN, "no build"),
        ("nonsense", Status.UNKNOWN, "no build"),
    ],
)
def test_what_the_tables_do_not_hold_is_judged_by_its_place_and_says_so(
    build: str, status: Status, said: str
) -> None:
    found = standing(exchange(), SSRF, build)
    assert found.status is status
    assert said in found.why


def test_all_spellings_stand_alike() -> None:
    for text in ("15.01.2106.013", "Version 15.1 (Build 2106.13)", "15.1.2106.13"):
        assert standing(exchange(), SSRF, text).status is Status.FIXED


def test_the_fix_names_update_article_and_build() -> None:
    found = standing(exchange(), SSRF, "15.1.2106.2")
    assert found.fix is not None
    assert all(part in found.fix for part in ("CU18 Mar21SU", "KB5000871", "15.1.2106.13"))
    upgrade = standing(exchange(), SHELL, "15.1.2106.13").fix
    assert upgrade is not None
    assert upgrade.startswith("None on this branch: upgrade to Exchange Server 2016 CU21")
    assert "SP3" in str(standing(exchange(), UM, "14.2.375.0").fix)


def test_a_cve_without_rows_or_without_a_known_fix_is_unknown() -> None:
    assert standing(exchange(), "CVE-1999-0001", "15.1.2106.2").status is Status.UNKNOWN
    assert standing(exchange(), "CVE-2016-0138", "14.3.123.4").status is Status.UNKNOWN
    between = standing(exchange(), "CVE-2018-8154", "14.3.411.0")
    assert between.status is Status.UNKNOWN
    assert "RU21 and RU24" in between.why


BRANCHES = sorted({row.branch for row in exchange().builds})
ORDER = (Status.VULNERABLE_NO_UPDATE, Status.VULNERABLE, Status.UNKNOWN, Status.FIXED, Status.NOT_AFFECTED)


@given(
    st.sampled_from(sorted(exchange().cves)),
    st.sampled_from(BRANCHES),
    st.lists(st.integers(1, 120), min_size=2, max_size=6),
)
def test_within_a_branch_a_newer_build_never_stands_worse(
    cve: str, branch: str, revisions: list[int]
) -> None:
    answers = [standing(exchange(), cve, f"{branch}.{one}").status for one in sorted(revisions)]
    ranks = [ORDER.index(one) for one in answers]
    assert ranks == sorted(ranks)


def test_within_a_service_pack_a_later_rollup_never_stands_worse() -> None:
    rollups = [row.build for row in exchange().builds if is_rollup(exchange(), row.build)]
    packs = {key(build)[:2] for build in rollups}
    cves = {cve for cve, rows in exchange().cves.items() if any("2010" in row.product for row in rows)}
    assert len(cves) > 10
    for cve, pack in product(cves, packs):
        builds = sorted((build for build in rollups if key(build)[:2] == pack), key=key)
        ranks = [ORDER.index(standing(exchange(), cve, build).status) for build in builds]
        assert ranks == sorted(ranks)


@given(st.sampled_from(sorted(exchange().cves)), st.text(max_size=30))
def test_any_text_gets_an_answer(cve: str, build: str) -> None:
    assert standing(exchange(), cve, build).status in Status
