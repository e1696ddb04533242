"""The prefilter only ever saves time: with and without it the findings are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.detections.rule_makers import pack, record, rule, run

from tocsin.detections.conditions import predicate
from tocsin.detections.prefilter import Prefilter
from tocsin.detections.values import Row
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
    prefilter = Prefilter(conditions)
    for each in records * 2:  # the second time from memory
        mask = prefilter.candidates(each)
        for number, condition in enumerate(conditions):
            if predicate(condition)(Row(each)):
                assert mask >> number & 1


@given(conditions=st.lists(NODES, min_size=1, max_size=5), records=st.lists(RECORDS, max_size=8))
def test_findings_are_those_of_the_oracle(conditions: list[Node], records: list[Record]) -> None:
    sample = pack(*(rule(node, f"R{number}") for number, node in enumerate(conditions)))
    assert run(sample, records) == run(sample, records, prefilter=False)


def test_what_cannot_match_is_filtered_out() -> None:
    stem = FieldTest("cs-uri-stem", Glob((Wild.MANY, "shell", Wild.MANY)))
    status = FieldTest("sc-status", Number(200))
    null = FieldTest("cs-username", Null())
    prefilter = Prefilter([Every((stem, status)), status, null, Either((stem, null))])
    assert prefilter.candidates(record(cs_uri_stem="/SHELL.aspx", sc_status="404")) == 0b1101
    assert prefilter.candidates(record(cs_uri_stem="/%73hell.aspx")) == 0b1101
    assert prefilter.candidates(record(cs_uri_stem="/x", sc_status="200")) == 0b1110
    assert prefilter.candidates(record()) == 0b1100


def test_memory_of_values_stays_bounded() -> None:
    prefilter = Prefilter([FieldTest("cs-uri-stem", Glob((Wild.MANY, "shell", Wild.MANY)))])
    for number in range(40_000):
        assert prefilter.candidates(record(cs_uri_stem=f"/{number}")) == 0
    assert prefilter.candidates(record(cs_uri_stem="/shell")) == 1
    assert max(len(scan._remembered) for _, scan in prefilter._fields) <= 16_384
