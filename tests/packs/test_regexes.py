"""Regular expressions: what is dangerous, and what every match must hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.packs.regexes import compiled, danger, required_text

TWICE = "repeats a repeat or alternatives without bound"
ATOMIC = "which RE2 does not know"


@pytest.mark.parametrize(
    "pattern",
    [
        "abc",
        r"^/owa/auth/[^/]{1,64}\.aspx$",
        "a.*b.*c.*d",
        r"a\++[+*?]+",
        "(?:ab)+x?",
        "(?:a|b)?",
        "(?:[^x]{1,100}x){0,6}",
        "(a.*b|c.*d|e.*f|g.*h)",
        "(a+)?",
        r"\(a+\)+",
        "[(a+)]+",
        "(?i)a+",
        "(?P<n>a{1,9})",
        "a{",
    ],
)
def test_patterns_that_take_time_in_proportion(pattern: str) -> None:
    assert danger(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+", TWICE),
        ("a++", ATOMIC),
        ("((x)|y){3}+", ATOMIC),
        ("x(?>a|b)", ATOMIC),
        ("(?:x(a*)y)*", TWICE),
        ("(a|b*)*", TWICE),
        ("(a+){2,9}", TWICE),
        ("(a{3,})+", TWICE),
        ("(a{0,999})+", TWICE),
        ("((a+)?)+", TWICE),
        ("(a|a)*b", TWICE),
        ("(a|ab?)+", TWICE),
        ("(a?a?)*b", TWICE),
        ("(?:ab{2,5})+x?", TWICE),
        ("(?:x(?:a|b)y)*", TWICE),
        ("a.*b.*c.*d.*", "holds more than 3 unbounded repeats in a row"),
        ("(a.*b)(c.*d.*)e+", "holds more than 3 unbounded repeats in a row"),
        ("x|a.*b.*c.*d.*", "holds more than 3 unbounded repeats in a row"),
        ("a(", "is none that Python knows"),
    ],
)
def test_patterns_that_an_intruder_could_hold_us_up_with(pattern: str, why: str) -> None:
    assert why in (danger(pattern) or "")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("abc", "abc"),
        (r"^/owa/auth/[a-z]+\.aspx$", "/owa/auth/"),
        ("abcd+e", "abc"),
        ("abcd?efghi", "efghi"),
        ("ab{2}cde", "cde"),
        ("ab(cdef)gh", "ab"),
        ("abc|def", ""),
        ("(abc|def)xy", "xy"),
        (r"a\.b\\c", r"a.b\c"),
        (r"\x41bc", "bc"),
        (r"\101bc", "bc"),
        (r"\dabc\w", "abc"),
        ("[abc]", ""),
        ("a.b", "a"),
        ("(?i)Cmd", "Cmd"),
        ("é-abc", "-abc"),
    ],
)
def test_the_text_that_every_match_holds(pattern: str, text: str) -> None:
    assert required_text(pattern) == text


_ATOMS = st.sampled_from(
    ["a", "b", r"\.", r"\d", "[ab]", ".", "(ab)", "(a|b)", r"\x41", "/", r"\\", r"\101", "(?:a(b)c)"]
)
_REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{0,3}", "+?"])
_PATTERNS = st.lists(st.tuples(_ATOMS, _REPEATS).map("".join), min_size=1, max_size=6).map("".join)


@given(data=st.data(), pattern=st.one_of(_PATTERNS, st.tuples(_PATTERNS, _PATTERNS).map("|".join)))
def test_no_match_lacks_the_required_text(data: st.DataObject, pattern: str) -> None:
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII)))
    assert compiled(pattern).search(text)
    assert required_text(pattern) in text


def test_letters_are_those_of_ascii_as_in_re2() -> None:
    assert compiled("k", "i").search("K")
    assert not compiled("k", "i").search("\u212a")
    assert not compiled("s", "i").search("\u017f")
    assert compiled("a.b", "s").search("a\nb")
    assert not compiled("a.b").search("a\nb")
    assert compiled("^b", "m").search("a\nb")
