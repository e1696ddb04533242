"""A gate never turns away a line that the rule would match, however the line writes the value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.detections.rule_makers import record, row_of
from tests.detections.scanning.made_logs import load_shipped
from tests.detections.scanning.made_rows import CHANGED_BY, encoded

from tocsin.detections.compiling import narrowed
from tocsin.detections.conditions import predicate
from tocsin.detections.scanning.gates import Dialect, gates_of, matcher
from tocsin.detections.scanning.patterns import (
    HIDDEN,
    Part,
    encoded_paths,
    expression,
    literals,
    of_glob,
    of_regex,
    trimmed,
)
from tocsin.packs.conditions import FieldTest, Glob, Regex, Wild, leaves
from tocsin.packs.regexes import compiled, danger

BETWEEN = {"iis.w3c": " ", "exchange.httpproxy": ","}
PATHS = ("cs-uri-stem", "UrlStem")
Check = Glob | Regex


@cache
def shipped_checks() -> tuple[FieldTest, ...]:
    """Every regular expression and string that shipped rules ask of web logs, with its field."""
    found = {
        test
        for pack in load_shipped()
        for rule in pack.rules
        for reach in rule.reaches
        if reach.kind in BETWEEN
        for test, _ in leaves(rule.condition)
        if isinstance(test.check, Glob | Regex) and test.field is not None
    }
    return tuple(sorted(found, key=repr))


def part_of(check: Check) -> Part:
    return trimmed(of_glob(check) if isinstance(check, Glob) else of_regex(check))


def lines_met(part: Part, kind: str, field: str | None, line: bytes) -> bool:
    """Tell whether a line meets the gate of a part, or one of those for hidden characters."""
    between = BETWEEN[kind]
    own = expression(part, between=between, across=field == "cs-uri", plain=field in PATHS)
    return any(matcher(one).search(line) for one in (own, *HIDDEN, *encoded_paths(between)))


def line_with(kind: str, field: str, value: str) -> bytes:
    """A row that holds the value: the path where paths stand, anything else behind it."""
    stem, query = value.partition("?")[::2] if field == "cs-uri" else ("/owa/", value)
    if field in PATHS:
        stem, query = value, "-"
    if kind == "iis.w3c":
        return f"2021-03-03 06:49:42 192.0.2.1 GET {stem} {query} 192.0.2.7 200 17\r\n".encode()
    return f"2021-03-03T06:49:42.162Z,1,Ecp,{stem},GET,{query},200\n".encode()


def row_fits(kind: str, value: str) -> bool:
    """Tell whether the value can stand in a plain row: no delimiter, no line end, no quotation mark."""
    return not (set(value) & {BETWEEN[kind], "\n", "\r", "\0", '"'}) and value.isprintable()


def _example_of(check: Check) -> st.SearchStrategy[str]:
    if isinstance(check, Regex):
        return st.from_regex(compiled(check.pattern, check.flags), alphabet=ALPHABET)
    filler = st.text("aZ09/.-_%=&", max_size=3)
    parts = [
        st.just(part) if isinstance(part, str) else (filler if part is Wild.MANY else st.sampled_from("a/."))
        for part in check.parts
    ]
    return st.tuples(*parts).map("".join)


ALPHABET = st.characters(codec="ascii", exclude_categories=["Cc"])


@st.composite
def written(draw: st.DrawFn, check: Check) -> str:
    """A text that the check holds for, some of its characters encoded."""
    text = draw(_example_of(check))[:200]
    assume(text)
    at = st.integers(0, len(text) - 1)
    return encoded(text, draw(st.dictionaries(at, st.sampled_from(CHANGED_BY), max_size=5)))


def _holds(test: FieldTest, kind: str, value: str) -> bool:
    fields = {"cs-uri-stem": "/owa/", str(test.field): value}
    if test.field == "cs-uri":
        stem, _, query = value.partition("?")
        fields = {"cs-uri-stem": stem, "cs-uri-query": query or None}
    return predicate(test)(row_of(record(kind, **fields)))


def _met(test: FieldTest, kind: str, value: str) -> bool:
    assert isinstance(test.check, Glob | Regex)
    assert test.field is not None
    return lines_met(part_of(test.check), kind, test.field, line_with(kind, test.field, value))


@pytest.mark.parametrize("kind", BETWEEN)
@settings(max_examples=300)
@given(data=st.data())
def test_property_no_line_of_a_shipped_check_is_turned_away(kind: str, data: st.DataObject) -> None:
    test = data.draw(st.sampled_from(shipped_checks()))
    assert isinstance(test.check, Glob | Regex)
    value = data.draw(written(test.check))
    assume(row_fits(kind, value) and (test.field not in PATHS or value.startswith("/")))
    assume(_holds(test, kind, value))
    assert _met(test, kind, value)


# --- regular expressions in general ---------------------------------------------------------------

_ATOMS = st.sampled_from(
    (
        *("a", "Z", "7", ".", "/", "=", "%", "_", "-", "&", "k", "i", "auth", "ecp", "(?:ab|cd)"),
        *(r"\.", r"\d", r"\w", r"\s", r"\?", r"\x41", r"\b", r"\\"),
        *("[a-z]", "[^/]", "[0-9a-f]", "[.]", r"[\w.-]"),
    )
)
_TIMES = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "*?"])
_PIECES = st.builds(str.__add__, _ATOMS, _TIMES)


@st.composite
def regexes(draw: st.DrawFn) -> Regex:
    """A regular expression of the grammar that rules use."""
    branches = [
        "".join(draw(st.lists(_PIECES, min_size=1, max_size=5)))
        for _ in range(draw(st.sampled_from((1, 1, 2, 3))))
    ]
    pattern = "|".join(branches)
    if len(branches) > 1:
        pattern = f"(?:{pattern})"
    pattern = draw(st.sampled_from(("", "^", "^/"))) + pattern + draw(st.sampled_from(("", "$", "/x")))
    try:
        re.compile(pattern)
    except re.error:
        assume(False)
    assume(danger(pattern) is None)
    return Regex(pattern, draw(st.sampled_from(("", "i"))))


_GLOBS = st.lists(
    st.one_of(st.text("aZ7./-_%=& ", min_size=1, max_size=4), st.sampled_from(Wild)), min_size=1
)
GLOBS = _GLOBS.map(lambda parts: Glob(tuple(parts)))
FIELDS = st.sampled_from(("cs-uri-stem", "cs-uri-query", "cs-uri"))


@pytest.mark.parametrize("kind", BETWEEN)
@settings(max_examples=400)
@given(data=st.data(), field=FIELDS)
def test_property_no_line_of_any_check_is_turned_away(kind: str, data: st.DataObject, field: str) -> None:
    check = data.draw(st.one_of(regexes(), GLOBS))
    test = FieldTest(field, check)
    value = data.draw(written(check))
    assume(row_fits(kind, value) and (field == "cs-uri-query" or value.startswith("/")))
    assume(_holds(test, kind, value))
    assert _met(test, kind, value)


def lines_meeting(own: str) -> st.SearchStrategy[str]:
    """Lines that meet an expression, every byte as a character."""
    met = re.compile(own, re.IGNORECASE | re.ASCII)
    return st.from_regex(met, alphabet=st.characters(codec="latin-1"))


@settings(max_examples=300)
@given(data=st.data(), across=st.booleans(), plain=st.booleans())
def test_property_a_line_that_meets_an_expression_holds_one_of_its_literals(
    data: st.DataObject, across: bool, plain: bool
) -> None:
    part = trimmed(part_of(data.draw(st.one_of(regexes(), GLOBS))))
    texts = literals(part)
    own = expression(part, between=" ", across=across, plain=plain)
    line = data.draw(lines_meeting(own)).lower()
    assert texts is None or any(text in line for text in texts)


def _shipped_gates() -> Iterator[tuple[str, tuple[str, ...]]]:
    for kind, between in BETWEEN.items():
        conditions = [
            narrowed(rule, reach.event_id)
            for pack in load_shipped()
            for rule in pack.rules
            for reach in rule.reaches
            if reach.kind == kind
        ]
        gates = gates_of(conditions, load_shipped(), Dialect(between=between)) or ()
        yield from ((gate.expression, gate.literals) for gate in gates)


@settings(max_examples=200)
@given(data=st.data())
def test_property_gates_of_the_shipped_packs_hold_their_literals(data: st.DataObject) -> None:
    own, texts = data.draw(st.sampled_from(_with_literals()))
    line = data.draw(lines_meeting(own)).lower()
    assert any(text in line for text in texts)


@cache
def _with_literals() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((own, texts) for own, texts in _shipped_gates() if texts)


def test_most_gates_of_the_shipped_packs_have_literals() -> None:
    assert len(_with_literals()) > 20


@pytest.mark.parametrize(
    ("pattern", "line", "met"),
    [
        ("/ecp/[a-z]+\\.js", b" /ecp/main.js ", True),
        ("/ecp/[a-z]+\\.js", b" /ecp/%6dain.js ", True),
        ("/ecp/[a-z]+\\.js", b" /%2565cp/main.js ", True),
        ("/ecp/[a-z]+\\.js", b" /ecp/main.css ", False),
        ("^/owa/", b" /x/owa/ ", False),
        ("a=b$", b" a=b ", True),
        ("a=b$", b" a=bc ", False),
        ("a=b", b" a%3Db ", True),
        ("a=b", b" a%253db ", True),
        ("a=b", b" a%u003db ", True),
        ("a=b", b" a%u00253db ", True),
        ("a=b$", b" a=b%0a ", True),
        ("(?m)a=b$", b" a=b%0ac ", True),
        ("a.b/", b" a%2fb/ ", True),
        ("a.b/", " aéb/ ".encode(), True),
        ("^.a=b", b" %2fa=b ", True),
    ],
)
def test_what_meets_a_gate(pattern: str, line: bytes, met: bool) -> None:
    assert lines_met(part_of(Regex(pattern)), "iis.w3c", "cs-uri-query", line + b"\n") is met
