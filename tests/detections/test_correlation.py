"""Correlations over matches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.rule_makers import START, correlation, pack, record, rule, run

from tocsin.detections.correlation import Correlator
from tocsin.model.findings import Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.conditions import Every, FieldTest, Glob, Null
from tocsin.packs.loading import Pack
from tocsin.packs.rules import Correlation, Rule

ONE, TWO, THREE = (
    rule(FieldTest("cs-uri-stem", Glob((f"/{name}",))), name, means="context", report=False)
    for name in ("one", "two", "three")
)
SEQUENCE = correlation("temporal_ordered", ("one", "two", "three"), group_by=("c-ip",), seconds=60)
ANY_ORDER = correlation("temporal", ("one", "two", "three"), group_by=("c-ip",), seconds=60)
COUNT = correlation("event_count", ("one",), group_by=("c-ip",), seconds=10, threshold=3)


def hits(*steps: tuple[float, str], ip: str | None = "192.0.2.7", kind: str = "iis.w3c") -> list[Record]:
    return [
        record(kind, line=number, second=second, cs_uri_stem=f"/{name}", c_ip=ip)
        for number, (second, name) in enumerate(steps, 1)
    ]


def sample(*more: Correlation | Rule) -> Pack:
    return pack(ONE, TWO, THREE, *more)


def found(one: Correlation, records: list[Record], *more: Rule) -> tuple[Finding, ...]:
    return run(sample(one, *more), records)["sample"].findings


def lines(one: Correlation, records: list[Record]) -> list[int | None]:
    return [each.locator.line for each in found(one, records)]


def test_a_finding_whole() -> None:
    shown = correlation(
        "temporal_ordered",
        ("one", "two"),
        group_by=("c-ip",),
        summary="{c-ip} did both within {events}",
        rung="shell",
    )
    (one,) = found(shown, hits((0, "one"), (5.5, "two")))
    again = found(shown, hits((0, "one"), (5.5, "two")))
    assert (one,) == again
    assert one == Finding(
        id=one.id,
        rule="Together",
        author="A. Author",
        means=Means.EXPLOITED,
        weak=False,
        rung="shell",
        time=START + timedelta(seconds=5.5),
        locator=one.locator,
        summary="192.0.2.7 did both within 2",
        source_ip="192.0.2.7",
        kind="iis.w3c",
        url="/two",
        details={
            "c-ip": "192.0.2.7",
            "events": "2",
            "first": "2021-03-03T06:00:00+00:00",
            "last": "2021-03-03T06:00:05.500000+00:00",
            "places": "u_ex.log:1; u_ex.log:2",
        },
    )
    assert one.locator.line == 2
    assert len(one.id) == 16


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, "one"), (1, "two"), (2, "three")], [3]),
        ([(0, "one"), (30, "two"), (60, "three")], [3]),
        ([(0, "one"), (30, "two"), (61, "three")], []),
        ([(2, "one"), (1, "two"), (0, "three")], []),
        ([(0, "two"), (1, "one"), (2, "three")], []),
        ([(0, "one"), (1, "three")], []),
        ([(0, "one"), (50, "one"), (60, "two"), (90, "three")], [4]),
        ([(0, "one"), (1, "two"), (2, "three"), (3, "two"), (4, "three")], [3]),
        ([(n, name) for n, name in enumerate(["one", "two", "three"] * 2)], [3, 6]),
        ([(0.9, "one"), (0.4, "two"), (0.1, "three")], [3]),
    ],
)
def test_sequences(steps: list[tuple[float, str]], expected: list[int]) -> None:
    assert lines(SEQUENCE, hits(*steps)) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(2, "one"), (1, "two"), (0, "three")], [1]),
        ([(0, "three"), (60, "one"), (60, "two")], [3]),
        ([(0, "three"), (61, "one"), (61, "two")], []),
        ([(0, "one"), (1, "two")], []),
    ],
)
def test_all_in_any_order(steps: list[tuple[float, str]], expected: list[int]) -> None:
    assert lines(ANY_ORDER, hits(*steps)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected", "events"),
    [
        ([0, 5, 10], [3], ["3"]),
        ([0, 5, 11], [], []),
        ([0, 1, 2, 3], [3], ["4"]),
        ([0, 5, 10, 15, 20], [3], ["5"]),
        ([0, 1, 2, 100, 101, 102], [3, 6], ["3", "3"]),
        ([0, 1], [], []),
    ],
)
def test_counts_make_one_finding_a_burst(seconds: list[int], expected: list[int], events: list[str]) -> None:
    bursts = found(COUNT, hits(*((second, "one") for second in seconds)))
    assert [each.locator.line for each in bursts] == expected
    assert [each.details["events"] for each in bursts] == events


def test_different_values_are_counted() -> None:
    many = correlation("value_count", ("page",), seconds=10, threshold=3, value_field="cs-uri-stem")
    page = rule(FieldTest("c-ip", Glob(("192.0.2.7",))), "page", report=False)
    steps = [(0, "a"), (1, "A"), (2, "b"), (3, "b"), (4, "c"), (30, "d"), (31, "e")]
    (one,) = run(pack(page, many), hits(*steps))["sample"].findings
    assert (one.locator.line, one.details["events"]) == (5, "5")


def test_groups_are_apart_and_nobody_is_no_group() -> None:
    mixed = hits((0, "one"), (1, "two"), ip="192.0.2.7") + hits((2, "three"), ip="192.0.2.8")
    assert found(SEQUENCE, mixed) == ()
    assert found(SEQUENCE, hits((0, "one"), (1, "two"), (2, "three"), ip=None)) == ()


def test_an_alias_joins_fields_of_different_logs() -> None:
    proxied = rule(FieldTest("UrlStem", Glob(("/x",))), "proxied", kinds=["exchange.httpproxy"], report=False)
    joined = correlation(
        "temporal_ordered",
        ("proxied", "one"),
        group_by=("client",),
        aliases={"client": {"proxied": "ClientIpAddress", "one": "c-ip"}},
    )
    first = record("exchange.httpproxy", path="p.log", UrlStem="/x", ClientIpAddress="192.0.2.7")
    (one,) = run(pack(ONE, proxied, joined), [*hits((1, "one")), first])["sample"].findings
    assert one.details["places"] == "p.log:1; u_ex.log:1"
    assert one.details["client"] == "192.0.2.7"


def test_one_weak_match_makes_the_whole_weak() -> None:
    records = hits((0, "one"), (1, "two"), (2, "three"))
    (plain,) = found(SEQUENCE, records)
    assert not plain.weak
    lacking = rule(
        Every((FieldTest("cs-uri-stem", Glob(("/one",))), FieldTest("cs-username", Null()))),
        "one",
        report=False,
    )
    (weak,) = run(pack(lacking, TWO, THREE, SEQUENCE), records)["sample"].findings
    assert weak.weak


def test_what_a_benign_rule_explains_is_no_part() -> None:
    records = hits((0, "one"), (1, "two"), (2, "three"))
    for explained in ("two", "Together"):
        own = rule(FieldTest("c-ip", Glob(("192.0.2.7",))), "Own", means="benign", explains=(explained,))
        assert found(SEQUENCE, records, own) == ()
    other = rule(FieldTest("c-ip", Glob(("192.0.2.7",))), "Own", means="benign", explains=("Other",))
    assert len(found(SEQUENCE, records, other)) == 1


def test_a_match_without_a_time_is_left_out_with_a_notice() -> None:
    records = [
        *hits((0, "one"), (1, "two")),
        record(second=None, line=9, cs_uri_stem="/three", c_ip="192.0.2.7"),
    ]
    result = run(sample(SEQUENCE), records)["sample"]
    assert result.findings == ()
    assert result.notices == ("Together: 1 matches without a time were left out.",)


@given(order=st.permutations(range(7)))
def test_the_bound_keeps_the_earliest_and_says_so(order: list[int]) -> None:
    correlator = Correlator("p", COUNT, most_events=3)
    records = hits(*((second, "one") for second in range(7)))
    for number in order:
        correlator.feed("one", records[number], weak=False)
    (one,) = correlator.finish()
    assert one.details["places"] == "u_ex.log:1; u_ex.log:2; u_ex.log:3"
    assert list(correlator.notices()) == [
        "Together: of the matches that it correlates the earliest 3 were considered, 4 later ones were not."
    ]


STEPS = st.lists(st.tuples(st.integers(0, 90), st.sampled_from(["one", "two", "three"])), max_size=9)


@given(data=st.data(), steps=STEPS, kind=st.sampled_from([SEQUENCE, ANY_ORDER, COUNT]))
def test_the_order_of_input_does_not_matter(
    data: st.DataObject, steps: list[tuple[int, str]], kind: Correlation
) -> None:
    records = hits(*steps)
    assert found(kind, data.draw(st.permutations(records))) == found(kind, records)


@given(steps=STEPS, more=st.tuples(st.integers(0, 90), st.sampled_from(["one", "two", "three"])))
def test_added_evidence_never_takes_a_correlation_away(
    steps: list[tuple[int, str]], more: tuple[int, str]
) -> None:
    for kind in (SEQUENCE, ANY_ORDER, COUNT):
        if found(kind, hits(*steps)):
            assert found(kind, hits(*steps, more))


@given(steps=STEPS)
def test_a_sequence_is_found_exactly_when_there_is_one(steps: list[tuple[int, str]]) -> None:
    times = {name: [second for second, each in steps if each == name] for name in ("one", "two", "three")}
    exists = any(a <= b <= c <= a + 60 for a in times["one"] for b in times["two"] for c in times["three"])
    assert bool(found(SEQUENCE, hits(*steps))) is exists
