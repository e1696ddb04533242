"""The matcher: what a match becomes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.rule_makers import START, pack, record, rule, run

from tocsin.detections.findings import filled, shown
from tocsin.detections.matching import Matcher
from tocsin.model.findings import Benign, Finding
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.conditions import Every, FieldTest, Glob, Not, Null, Number, Wild
from tocsin.packs.logsources import Reach

SHELL = FieldTest("cs-uri-stem", Glob((Wild.MANY, "shell.aspx")))


def the_finding(*rules: object, on: Record) -> Finding:
    (found,) = run(pack(*rules), [on])["sample"].findings  # type: ignore[arg-type]  # rules or correlations
    return found


def test_a_finding_whole() -> None:
    asked = rule(
        SHELL,
        "Shell asked for",
        rung="shell",
        summary="{cs-uri-stem} by {c-ip}, {cs-referer}",
        details=("cs-method", "cs-username", "absent"),
        means="exploited",
    )
    on = record(
        line=7,
        second=61,
        cs_uri_stem="/owa/shell.aspx",
        cs_method="GET",
        cs_username=None,
        c_ip="192.0.2.7",
        **{"x-forwarded-for": "203.0.113.9"},
    )
    found = the_finding(asked, on=on)
    assert found == Finding(
        id="5eb920e7fc1475bf",
        rule="Shell asked for",
        author="A. Author",
        means=Means.EXPLOITED,
        weak=False,
        rung="shell",
        time=START + timedelta(seconds=61),
        locator=Locator(path="u_ex.log", line=7),
        summary="/owa/shell.aspx by 192.0.2.7, -",
        source_ip="192.0.2.7",
        kind="iis.w3c",
        url="/owa/shell.aspx",
        details={
            "page": "/owa/shell.aspx",
            "method": "GET",
            "cs-method": "GET",
            "x-forwarded-for": "203.0.113.9",
        },
    )


def test_without_a_template_the_title_is_the_summary() -> None:
    assert the_finding(rule(SHELL), on=record(cs_uri_stem="/shell.aspx")).summary == "A rule"


@pytest.mark.parametrize("field", ["c-ip", "ClientIpAddress", "SourceIp", "IpAddress"])
def test_the_client_is_found_under_its_names(field: str) -> None:
    on = record(cs_uri_stem="/shell.aspx", **{field: "192.0.2.7"})
    assert the_finding(rule(SHELL), on=on).source_ip == "192.0.2.7"


def test_the_same_evidence_gives_the_same_id_and_other_evidence_another() -> None:
    ids = {
        the_finding(rule(SHELL, title), on=record(line=line, second=second, cs_uri_stem="shell.aspx")).id
        for title in ("A", "B")
        for line in (1, 2)
        for second in (0, 1, None)
    }
    assert len(ids) == 12
    again = [the_finding(rule(SHELL), on=record(cs_uri_stem="/shell.aspx")).id for _ in range(2)]
    assert again[0] == again[1]
    other = run(pack(rule(SHELL), name="other"), [record(cs_uri_stem="/shell.aspx")])["other"].findings[0]
    assert other.id != again[0]


@pytest.mark.parametrize(
    ("fields", "weak", "expected"),
    [
        ({"cs-username": None}, False, False),
        ({}, False, True),
        ({"cs-username": None}, True, True),
    ],
)
def test_a_match_is_weak_where_a_column_that_matters_is_absent(
    fields: dict[str, str | None], weak: bool, expected: bool
) -> None:
    anonymous = rule(Every((SHELL, FieldTest("cs-username", Null()))))
    on = record(cs_uri_stem="/shell.aspx", weak=weak, **fields)
    assert the_finding(anonymous, on=on).weak is expected


def test_a_match_is_weak_where_an_excluded_column_is_absent() -> None:
    human = rule(Every((SHELL, Not(FieldTest("cs-user-agent", Glob(("probe",)))))))
    assert the_finding(human, on=record(cs_uri_stem="/shell.aspx")).weak
    assert not the_finding(human, on=record(cs_uri_stem="/shell.aspx", cs_user_agent="x")).weak
    assert not the_finding(human, on=record(cs_uri_stem="/shell.aspx", cs_user_agent=None)).weak


def test_a_benign_rule_makes_a_match_context_and_says_why() -> None:
    probe = rule(
        FieldTest("cs-user-agent", Glob(("probe",))),
        "Health probe",
        means="benign",
        explains=("A rule",),
        description="The load balancer's\n  own check.",
    )
    asked = rule(SHELL, rung="shell", means="exploited")
    found = the_finding(asked, probe, on=record(cs_uri_stem="/shell.aspx", cs_user_agent="Probe"))
    assert (found.means, found.rung) == (Means.CONTEXT, None)
    assert found.benign == Benign(
        rule="Health probe", why="The load balancer's own check.", was=Means.EXPLOITED
    )
    plain = the_finding(asked, probe, on=record(cs_uri_stem="/shell.aspx", cs_user_agent="x"))
    assert (plain.means, plain.rung, plain.benign) == (Means.EXPLOITED, "shell", None)


def test_a_benign_rule_explains_only_what_it_names_and_the_kinds_it_reaches() -> None:
    agent = FieldTest("cs-user-agent", Glob(("probe",)))
    on = record(cs_uri_stem="/shell.aspx", cs_user_agent="probe")
    other_rule = rule(agent, "Probe", means="benign", explains=("Another rule",))
    other_kind = rule(agent, "Probe", kinds=["http.err"], means="benign", explains=("A rule",))
    assert the_finding(rule(SHELL), other_rule, on=on).benign is None
    assert the_finding(rule(SHELL), other_kind, on=on).benign is None


def test_an_experimental_rule_is_context_and_shows_no_step() -> None:
    found = the_finding(
        rule(SHELL, status="experimental", means="compromised", rung="shell"),
        on=record(cs_uri_stem="/shell.aspx"),
    )
    assert (found.means, found.rung) == (Means.CONTEXT, None)


def test_a_rule_meets_only_the_kinds_that_it_reaches() -> None:
    sample = pack(rule(SHELL, kinds=["iis.w3c", "iis.etw"]))
    kinds = ("iis.w3c", "iis.etw", "exchange.httpproxy")
    records = [record(kind, cs_uri_stem="/shell.aspx") for kind in kinds]
    assert [found.kind for found in run(sample, records[1:])["sample"].findings] == ["iis.etw"]
    assert len(run(sample, records)["sample"].findings) == 1  # one place, one rule: one finding


def test_event_ids_of_the_logsource_bind() -> None:
    started = rule(FieldTest("Image", Glob((Wild.MANY, "w3wp.exe"))), kinds=[Reach("event.security", "4688")])
    image = "c:/w3wp.exe"
    found = run(
        pack(started),
        [
            record("event.security", line=1, EventID="4688", Image=image),
            record("event.security", line=2, EventID="4689", Image=image),
            record("event.security", line=3, Image=image),
        ],
    )["sample"].findings
    assert [one.locator.line for one in found] == [1]
    assert not found[0].weak


def test_a_building_block_makes_no_finding() -> None:
    assert run(pack(rule(SHELL, report=False)), [record(cs_uri_stem="/shell.aspx")])["sample"].findings == ()


def test_observe_gives_what_is_kept_by_pack() -> None:
    matcher = Matcher([pack(rule(SHELL), name="one"), pack(rule(SHELL), name="two")])
    found = matcher.observe(record(cs_uri_stem="/shell.aspx"))
    assert [(name, one.rule) for name, one in found] == [("one", "A rule"), ("two", "A rule")]
    assert matcher.observe(record(cs_uri_stem="/other")) == []
    assert matcher.observe(record("unheard.of")) == []


@given(order=st.permutations(range(8)))
def test_folding_does_not_depend_on_the_order_of_input(order: list[int]) -> None:
    sample = pack(rule(SHELL), rule(FieldTest("sc-status", Number(200)), "Second"))
    matcher = Matcher([sample], most=3)
    for number in order:
        matcher.observe(
            record(line=number + 1, second=number // 2, cs_uri_stem="/shell.aspx", sc_status="200")
        )
    result = matcher.finish()["sample"]
    assert [(one.rule, one.locator.line) for one in result.findings] == [
        (title, line) for line in (1, 2, 3) for title in ("A rule", "Second")
    ]
    assert result.folded == {"A rule": 5, "Second": 5}
    assert result.notices == ()


def test_values_from_evidence_are_cut_and_made_visible() -> None:
    assert filled("{a}|{b}|{a", {"a": "x" * 300}.get) == "x" * 199 + "…|-|{a"
    assert shown("a\x1b[31m\u202eb\n", 99) == "a\\x1b[31m\\x202eb\\x0a"
    assert shown("x" * 200, 200) == "x" * 200
