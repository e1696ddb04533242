"""The prefilter only ever saves time: with and without it the findings are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.detections.rule_makers import pack, record, row_of, rule, run

from tocsin.detections.conditions import predicate
from tocsin.detections.memory import REMEMBERED, Memory
from tocsin.detections.prefilter import Prefilter, conjuncts, only_field
from tocsin.model.records import Record
from tocsin.packs.conditions import (
    Either,
    Every,
    Exists,
    FieldTest,
    Glob,
    Node,
    Not,
    Null,
    Number,
    Regex,
    SameAs,
    Wild,
)

NAMES = ("cs-uri-stem", "cs-uri-query", "cs-uri", "cs-username", "sc-status", "EventID")
FIELDS = st.sampled_from(NAMES)
TEXTS = st.text("aB/%6.1?", min_size=1, max_size=3)
CHECKS = st.one_of(
    st.builds(
        Glob,
        st.lists(st.one_of(TEXTS, st.just(Wild.MANY), st.just(Wild.ONE)), max_size=4).map(tuple),
        st.booleans(),
    ),
    st.builds(Number, st.sampled_from([0, 6, 16, -6, 1.5]), st.sampled_from(["eq", "gt", "lte"])),
    st.sampled_from([Null(), Exists(True), Exists(False), SameAs("cs-username", starts=True)]),
    st.builds(
        Regex,
        st.sampled_from(["aB", "a|B", "^/a+B", "[aB]6", "a?B/", "(aB)+", r"\x41"]),
        st.sampled_from(["", "i"]),
    ),
)
KEYWORDS = st.one_of(
    st.builds(lambda text: FieldTest(None, Glob((Wild.MANY, text, Wild.MANY))), TEXTS),
    st.just(FieldTest(None, Regex("aB"))),
)
NODES: st.SearchStrategy[Node] = st.recursive(
    st.one_of(st.builds(FieldTest, FIELDS, CHECKS), KEYWORDS),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Every, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
VALUES = st.one_of(
    st.none(), st.text("aAbB/%6.12?\u0130", max_size=8), st.sampled_from(["6", "16", "%61%42"])
)
RECORDS = st.builds(
    lambda fields, line: record(line=line, **fields),
    st.dictionaries(FIELDS, VALUES, max_size=5),
    st.integers(1, 9),
)


@given(conditions=st.lists(NODES, min_size=1, max_size=5), records=st.lists(RECORDS, max_size=6))
def test_no_match_is_filtered_out(conditions: list[Node], records: list[Record]) -> None:
    prefilter = Prefilter("iis.w3c", conditions)
    for each in records * 2:  # the second time from memory
        mask = prefilter.candidates(each)
        for number, condition in enumerate(conditions):
            if predicate(condition)(row_of(each)):
                assert mask >> number & 1


@given(conditions=st.lists(NODES, min_size=1, max_size=5), records=st.lists(RECORDS, max_size=8))
def test_findings_are_those_of_the_oracle(conditions: list[Node], records: list[Record]) -> None:
    sample = pack(*(rule(node, f"R{number}") for number, node in enumerate(conditions)))
    assert run(sample, records) == run(sample, records, prefilter=False)


def test_what_cannot_match_is_filtered_out() -> None:
    stem = FieldTest("cs-uri-stem", Glob((Wild.MANY, "shell", Wild.MANY)))
    status = FieldTest("sc-status", Number(200))
    null = FieldTest("cs-username", Null())
    prefilter = Prefilter("iis.w3c", [Every((stem, status)), status, null, Either((stem, null)), Not(stem)])
    assert prefilter.candidates(record(cs_uri_stem="/SHELL", sc_status="404", cs_username="a")) == 0b01000
    assert prefilter.candidates(record(cs_uri_stem="/%73hell", sc_status="200")) == 0b01111
    assert prefilter.candidates(record(cs_uri_stem="/x", sc_status="200", cs_username=None)) == 0b11110
    assert prefilter.candidates(record()) == 0b11100


def test_a_part_that_spans_fields_is_judged_by_its_literals() -> None:
    stem = FieldTest("cs-uri-stem", Glob((Wild.MANY, "shell", Wild.MANY)))
    query = FieldTest("cs-uri-query", Glob((Wild.MANY, "cmd=", Wild.MANY)))
    keyword = FieldTest(None, Glob((Wild.MANY, "marker", Wild.MANY)))
    same = FieldTest("cs-username", SameAs("cs-uri-stem"))
    prefilter = Prefilter("iis.w3c", [Either((stem, query)), keyword, same])
    assert prefilter.candidates(record(cs_uri_stem="/x", cs_uri_query="a")) == 0b100
    assert prefilter.candidates(record(cs_uri_stem="/SHELL", cs_uri_query="a")) == 0b101
    assert prefilter.candidates(record(cs_uri_stem="/x", cs_uri_query="%63MD=a")) == 0b101
    assert prefilter.candidates(record(cs_uri_stem="/x", any_field="a Marker b")) == 0b110


def test_parts_and_their_fields() -> None:
    one, two = FieldTest("a", Null()), FieldTest("b", Null())
    assert list(conjuncts(Every((one, Every((two, Not(one))), Either((one, two)))))) == [
        one,
        two,
        Not(one),
        Either((one, two)),
    ]
    assert only_field(Either((one, Not(one)))) == "a"
    assert only_field(Either((one, two))) is None
    assert only_field(FieldTest(None, Glob(("x",)))) is None
    assert only_field(FieldTest("a", SameAs("b"))) is None


def test_memory_of_values_stays_bounded() -> None:
    calls: list[str | None] = []
    memory = Memory(lambda value: calls.append(value) or len(value or ""))
    for value in [None, "a", "a", None, "x" * 513, "x" * 513]:
        assert memory(value) == len(value or "")
    assert calls == [None, "a", "x" * 513, "x" * 513]
    for number in range(40_000):
        memory(str(number))
    assert len(memory._known) <= REMEMBERED
