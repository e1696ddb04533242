"""Builds named by the evidence: ranked, dated, their conflicts shown, whatever the order of input."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.exposure_makers import V15, collected, exchange, header, record, seen, source

from tocsin.detections.build_exposure import exposure_of, follow
from tocsin.detections.builds import MOST_BUILDS, BuildCollector
from tocsin.model.records import Item
from tocsin.model.words import Exposure

SSRF = "CVE-2021-26855"
SHELL = "CVE-2021-34473"
HTTP = "exchange.httpproxy"


def columns(build: str, line: int, time: str | None, path: str = "httpproxy.log") -> Item:
    major, minor, third, revision = build.split(".")
    return record(
        "exchange.ews",
        path,
        line,
        time,
        MajorVersion=major,
        MinorVersion=minor,
        BuildVersion=third,
        RevisionVersion=revision,
    )


def version_of(file: str, build: str, path: str = "bin/x") -> Item:
    return record("exchange.file-version", path, 1, None, File=file, FileVersion=build, Build=build)


DLL = "Microsoft.Exchange.FrontEndHttpProxy.dll"
TIMELINE = [
    columns("15.1.2106.2", 5, "2021-03-01T10:00:00+00:00"),
    columns("15.1.2106.2", 6, "2021-03-05T10:00:00+00:00"),
    columns("15.1.2106.13", 7, "2021-03-05T12:00:00+00:00"),
    columns("15.1.2106.13", 8, "2021-03-09T10:00:00+00:00"),
]
EVERYTHING: list[Item] = [
    *TIMELINE,
    header("#Version: 15.01.2106.002", "a.log", 2),
    header("#Date: 2021-02-20T00:00:00.000Z", "a.log", 4),
    header("#Version: 15.0.0.0", "b.log", 2),
    record("exchange.ecp-server", "ecp.log", 9, "2021-03-02T00:00:00+00:00", BLD="15.1.2106.2"),
    version_of("ExSetup.exe", "15.01.2106.013"),
    record(
        "iis.w3c",
        "w.log",
        3,
        "2021-03-01T00:00:00+00:00",
        cs_uri_stem="/ecp/15.1.2106.2/x.js",
        sc_status="200",
    ),
    record("exchange.setup-log", "s.log", 6, None, Message="Setup version: 15.1.2106.2."),
    record("exchange.vdir-dump", "d.aspx", 1, None, AdminDisplayVersion="Version 15.1 (Build 2106.2)"),
    record("text.unknown", "t.txt", 4, None, Text="AdminDisplayVersion : Version 15.1 (Build 2106.2)"),
]


def test_a_patch_timeline_out_of_logs() -> None:
    found = collected(TIMELINE).result(exchange())
    assert [(one.build, one.rank, str(one.start)[:16], str(one.end)[:16]) for one in found.seen] == [
        ("15.1.2106.2", 2, "2021-03-01 10:00", "2021-03-05 10:00"),
        ("15.1.2106.13", 2, "2021-03-05 12:00", "2021-03-09 10:00"),
    ]
    assert found.seen[1].label == "Exchange Server 2016 CU18 Mar21SU"
    assert str(found.seen[1].locator) == "C/httpproxy.log:7"
    assert found.conflicts == ()
    exposure = exposure_of(exchange(), [SSRF], found.seen)
    assert exposure.exposure is Exposure.PATCHED
    assert str(exposure.patched_at)[:16] == "2021-03-05 12:00"
    assert str(exposure.open_until)[:16] == "2021-03-05 10:00"


def test_exposure_at_a_moment_follows_the_timeline() -> None:
    found = collected([*TIMELINE, version_of("ExSetup.exe", "15.1.2106.13")]).result(exchange()).seen
    moment = TIMELINE[1]
    assert moment.time  # type: ignore[union-attr]  # it is a record
    then = exposure_of(exchange(), [SSRF], found, at=moment.time)  # type: ignore[union-attr]  # as above
    assert then.exposure is Exposure.VULNERABLE
    assert "Mar21SU" in str(then.fix)
    assert exposure_of(exchange(), [SSRF], found).exposure is Exposure.PATCHED


def test_ranks_and_remarks() -> None:
    found = collected(EVERYTHING).result(exchange()).seen
    assert [(one.rank, one.build) for one in found] == [
        (1, "15.1.2106.13"),
        (2, "15.1.2106.2"),
        (2, "15.1.2106.13"),
        (3, "15.1.2106.2"),
        (4, "15.1.2106.2"),
        (5, "15.1.2106.2"),
    ]
    assert str(found[1].start)[:10] == "2021-02-20", "the header's #Date widens the timeline"
    assert "not shown to have completed" in found[4].label
    assert "never the update" in found[5].label


@given(st.randoms(use_true_random=False))
def test_the_order_of_input_never_matters(shuffler: random.Random) -> None:
    items = list(EVERYTHING)
    shuffler.shuffle(items)
    assert collected(items).result(exchange()) == collected(EVERYTHING).result(exchange())


@pytest.mark.parametrize(
    "item",
    [
        header("#Version: 15.0.0.0"),
        header("#Version: 1.0"),
        columns("15.01.2375.000", 1, None),
        record(HTTP, TargetServerVersion="15.01.2375.000", cs_uri_stem="/owa/"),
        record("exchange.vdir-dump", ExchangeVersion="0.10 (14.0.100.0)"),
        record("iis.w3c", cs_uri_stem="/owa/auth/15.1.2176.2/x.js", sc_status="404"),
        record("iis.w3c", cs_uri_stem="/foo/15.1.2176.2/x.js", sc_status="200"),
        record(
            "iis.w3c", cs_uri_stem="/ews", cs_user_agent="ExchangeServicesClient/15.01.2375.007", c_ip="::1"
        ),
        record(
            "iis.w3c",
            cs_uri_stem="/ews",
            cs_user_agent="Ews_AM_Probe+(ExchangeServicesClient/15.01.2375.007)",
            c_ip="203.0.113.5",
        ),
        record("exchange.setup-log", Message="Operating system version: Microsoft Windows NT 6.2.9200.0."),
        record(
            "exchange.setup-log",
            Message="The backup copy of the previously installed version is '15.1.1713.5'.",
        ),
        record("exchange.ecp-server", BLD=None),
        version_of("Microsoft.Exchange.Data.dll", "15.1.2106.13"),
        version_of("ExSetup.exe", "15.1.2106.2", "Windows/Installer/$PatchCache$/Managed/x"),
    ],
)
def test_what_only_looks_like_a_build(item: Item) -> None:
    assert collected([item]).result(exchange()).seen == ()


@pytest.mark.parametrize(
    ("path", "build"),
    [
        (f"{V15}/ClientAccess/owa/prem/15.1.2375.7/scripts/x.js", "15.1.2375.7"),
        (f"{V15}/FrontEnd/HttpProxy/owa/auth/15.1.2375/themes/x.css", "15.1.2375"),
        (f"{V15}/ClientAccess/ecp/15.1.2375.7/x.css", "15.1.2375.7"),
    ],
)
def test_version_folders(path: str, build: str) -> None:
    collector = BuildCollector()
    collector.see(source(path))
    assert [(one.rank, one.build) for one in collector.result(exchange()).seen] == [(3, build)]


def test_the_servers_own_probe() -> None:
    agent = "Ews_AM_Probe+(ExchangeServicesClient/15.01.2375.007)"
    item = record("iis.w3c", cs_uri_stem="/ews", cs_user_agent=agent, c_ip="127.0.0.1", s_ip="192.0.2.1")
    assert [one.build for one in collected([item]).result(exchange()).seen] == ["15.1.2375.7"]


def test_a_patched_file_that_disagrees_with_exsetup_is_an_incomplete_patch() -> None:
    found = collected([version_of("ExSetup.exe", "15.1.2106.13"), version_of(DLL, "15.1.2106.2")])
    evidence = found.result(exchange())
    assert evidence.patch_incomplete
    assert evidence.conflicts[0].what.startswith("patch incomplete: ")
    assert evidence.conflicts[0].followed.startswith("15.1.2106.2")
    exposure = exposure_of(exchange(), [SSRF], evidence.seen)
    assert exposure.exposure is Exposure.VULNERABLE
    agreeing = collected([version_of("ExSetup.exe", "15.1.2106.13"), version_of(DLL, "15.1.2106.13")])
    assert not agreeing.result(exchange()).patch_incomplete
    assert agreeing.result(exchange()).conflicts == ()


def test_two_copies_of_exsetup_are_no_incomplete_patch() -> None:
    items = [
        version_of("ExSetup.exe", "15.1.2106.13", "a/bin/x"),
        version_of("ExSetup.exe", "15.1.2106.2", "b/bin/x"),
    ]
    evidence = collected(items).result(exchange())
    assert not evidence.patch_incomplete
    assert "several versions of one file" in evidence.conflicts[0].what


def test_a_setup_log_of_another_branch_is_a_conflict() -> None:
    setup = record("exchange.setup-log", "s.log", 6, None, Message="Setup version: 15.1.2106.2.")
    evidence = collected([version_of("ExSetup.exe", "15.01.2375.007"), setup]).result(exchange())
    (conflict,) = evidence.conflicts
    assert "15.1.2375.7" in conflict.what
    assert "15.1.2106.2" in conflict.what
    assert conflict.followed.startswith("15.1.2375.7")
    assert {str(one) for one in conflict.locators} == {"C/bin/x:1", "C/s.log:6"}


def test_a_finished_setup_says_so() -> None:
    log = [
        record("exchange.setup-log", "s.log", 6, None, Message="Setup version: 15.1.2106.2."),
        record(
            "exchange.setup-log",
            "s.log",
            9,
            None,
            Message="The Exchange Server setup operation completed successfully.",
        ),
        record("exchange.setup-log", "s.log", 20, None, Message="Setup version: 15.1.2375.7."),
    ]
    labels = [one.label for one in collected(log).result(exchange()).seen]
    assert labels[0].endswith("(installed)")
    assert labels[1].endswith("(setup not shown to have completed)")


def test_older_logs_and_folders_are_history_and_no_conflict() -> None:
    items = [*TIMELINE[:2], version_of("ExSetup.exe", "15.1.2375.7")]
    assert collected(items).result(exchange()).conflicts == ()


def test_newer_logs_and_overlapping_logs_are_conflicts() -> None:
    newer = collected([*TIMELINE[2:], version_of("ExSetup.exe", "15.1.2106.2")]).result(exchange())
    assert "15.1.2106.13" in newer.conflicts[0].what
    both = [*TIMELINE, columns("15.1.2106.2", 9, "2021-03-08T00:00:00+00:00")]
    assert "over the same time" in collected(both).result(exchange()).conflicts[0].what


def test_sources_that_show_the_cumulative_update_only() -> None:
    open_or_not = exposure_of(exchange(), [SSRF], [seen("15.1.2106.2", 5)])
    assert open_or_not.exposure is Exposure.UNKNOWN
    assert "Mar21SU" in str(open_or_not.fix)
    assert exposure_of(exchange(), [SSRF], [seen("15.1.2375.7", 4)]).exposure is Exposure.PATCHED
    assert exposure_of(exchange(), [SHELL], [seen("15.1.2106.2", 5)]).exposure is Exposure.VULNERABLE
    assert exposure_of(exchange(), ["CVE-2021-26857"], [seen("14.3.123.4", 5)]).exposure is Exposure.UNKNOWN
    assert exposure_of(exchange(), [SSRF], [seen("15.1.2000.1", 5)]).exposure is Exposure.UNKNOWN


def test_the_worst_of_several_cves_decides() -> None:
    found = exposure_of(exchange(), [SSRF, SHELL], [seen("15.1.2106.13")])
    assert found.exposure is Exposure.VULNERABLE
    assert SHELL in found.because
    assert [one.cve for one in found.standings] == [SSRF, SHELL]
    assert exposure_of(exchange(), [SSRF], [seen("15.2.2562.17")]).exposure is Exposure.NOT_AFFECTED


def test_nothing_seen_and_nothing_asked_is_unknown() -> None:
    assert exposure_of(exchange(), [SSRF], []).exposure is Exposure.UNKNOWN
    assert exposure_of(exchange(), [], [seen("15.1.2106.2")]).exposure is Exposure.UNKNOWN
    assert follow([]) is None


def test_the_strongest_source_is_followed_and_cited() -> None:
    builds = [
        seen("15.1.2106.2", 5),
        seen("15.1.2106.13", 1),
        seen("15.1.2106.2", 2, "2021-03-01T00:00:00+00:00"),
    ]
    for order in (builds, builds[::-1]):
        found = exposure_of(exchange(), [SSRF], order)
        assert found.followed == builds[1]
        assert "C/15.1.2106.13:1" in found.because
        assert "products/exchange/cves.csv:" in found.because


def test_logs_that_start_after_the_patch_do_not_date_it() -> None:
    found = exposure_of(exchange(), [SSRF], [seen("15.1.2106.13", 2, "2021-03-09T00:00:00+00:00")])
    assert found.exposure is Exposure.PATCHED
    assert found.patched_at is None


def test_a_second_hand_build_accuses_and_never_acquits() -> None:
    accused = exposure_of(exchange(), [SSRF], [seen("15.1.2106.2", 6)])
    assert (accused.exposure, accused.fix is not None) == (Exposure.VULNERABLE, True)
    excused = exposure_of(exchange(), [SSRF], [seen("15.1.2507.35", 6)])
    assert excused.exposure is Exposure.UNKNOWN
    assert "an excerpt does not prove what the server ran" in excused.because
    better = exposure_of(exchange(), [SSRF], [seen("15.1.2507.35", 6), seen("15.1.2106.2", 1)])
    assert better.exposure is Exposure.VULNERABLE


def test_builds_of_excerpts_are_second_hand() -> None:
    from msgspec.structs import replace  # noqa: PLC0415 - used here only

    weak = replace(columns("15.1.2507.35", 1, "2024-01-24T15:26:47+00:00"), weak=True)  # type: ignore[type-var]
    assert [(one.rank, one.build) for one in collected([weak]).result(exchange()).seen] == [
        (6, "15.1.2507.35")
    ]


def test_a_log_of_nothing_but_headers_costs_its_length() -> None:
    """Were every header compared with every other, this would not end."""
    collector = BuildCollector()
    items = [header("#Version: 15.01.2106.002", line=2 * at + 1) for at in range(200_000)]
    dates = [header(f"#Date: 2021-03-{1 + at % 28:02}T00:00:00Z", line=2 * at + 2) for at in range(200_000)]
    place = source("x.log")
    for item in (*items, *dates):
        collector.observe(item, place)
    (found,) = collector.result(exchange()).seen
    assert (found.build, found.rank, found.locator.line) == ("15.1.2106.2", 2, 1)
    assert len(collector._versions["C/x.log"]) == MOST_BUILDS


def test_a_setup_log_of_nothing_but_runs_costs_its_length() -> None:
    path = "ExchangeSetup.log"
    collector = BuildCollector()
    place = source(path)
    for at in range(100_000):
        run = record("exchange.setup-log", path, 2 * at + 1, Message="Setup version: 15.1.2106.2.")
        done = record(
            "exchange.setup-log",
            path,
            2 * at + 2,
            Message="The Exchange Server setup operation completed successfully.",
        )
        collector.observe(run, place)
        collector.observe(done, place)
    (found,) = collector.result(exchange()).seen
    assert found.label.endswith("(installed)")


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from(["15.1.2106.2", "15.1.2176.2", None])), max_size=12
    )
)
def test_a_success_is_of_the_run_before_it(lines: list[tuple[int, str | None]]) -> None:
    path = "ExchangeSetup.log"
    told = dict(lines)
    texts = {None: "The Exchange Server setup operation completed successfully."}
    items = [
        record("exchange.setup-log", path, at, Message=texts.get(build, f"Setup version: {build}."))
        for at, build in told.items()
    ]
    expected: set[str] = set()
    current = None
    for _, build in sorted(told.items()):
        current = build or current
        expected |= {current} if build is None and current else set()
    found = {one.build for one in collected(items).result(exchange()).seen if "(installed)" in one.label}
    assert found == expected
