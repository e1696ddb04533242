"""Patterns out of evidence: compared as IIS compares, costed before they run."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.rewrite import (
    LONGEST_PATTERN,
    LONGEST_VALUE,
    Judge,
    canonical_input,
    canonical_pattern,
    cost,
)


@pytest.mark.parametrize(
    ("syntax", "pattern", "value", "ignore_case", "answer"),
    [
        ("ecmascript", "b", "abc", True, True),
        ("ecmascript", "B", "abc", True, True),
        ("ecmascript", "B", "abc", False, False),
        ("ecmascript", "^b", "abc", True, False),
        ("ecmascript", "(?=.*a)(?=.*c)", "cba", True, True),
        ("ecmascript", "a(", "a", True, None),
        ("ecmascript", "[1--", "1", True, None),
        ("ecmascript", "[[a]", "a", True, None),
        ("wildcard", "*b*", "abc", True, True),
        ("wildcard", "b", "abc", True, False),
        ("wildcard", "a?c", "abc", True, True),
        ("wildcard", "***************b", "abc", True, False),
        ("wildcard", "a.c", "abc", True, False),
        ("exactmatch", "ABC", "abc", True, True),
        ("exactmatch", "ABC", "abc", False, False),
        ("exactmatch", ".*", "abc", True, False),
        ("ecmascript", "(a+)+b", "aaa", True, None),
        ("ecmascript", "a" * (LONGEST_PATTERN + 1), "a", True, None),
        ("ecmascript", "a", "a" * (LONGEST_VALUE + 1), True, None),
    ],
)
def test_matches(syntax: str, pattern: str, value: str, ignore_case: bool, answer: bool | None) -> None:
    assert Judge().matches(syntax, pattern, value, ignore_case=ignore_case) is answer


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(a|b)*", "((a*))*", "(a?){9}", r"(a)\1", "(?:a|a)+", "(.*)*", "((a|b)c)*"]
)
def test_no_bound_is_known_for_repeats_of_repeats(pattern: str) -> None:
    assert cost(pattern, 20) is None


def test_every_further_repeat_and_choice_costs() -> None:
    patterns = ["a", "a.*", ".*a.*", ".*a.*b.*", "(x|y).*a.*b.*", "(x|y)(x|y).*a.*b.*"]
    costs = [cost(one, 40) or 0 for one in patterns]
    assert costs == sorted(set(costs))
    assert costs[0] == 41


def test_the_budget_ends() -> None:
    judge = Judge()
    values = ["a" * 40 + str(number) for number in range(400)]
    answers = [judge.matches("ecmascript", ".*b.*c.*d.*e", one, ignore_case=True) for one in values]
    assert answers[0] is False
    assert answers[-1] is None


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_pattern_gets_an_answer(pattern: str, value: str) -> None:
    assert Judge().matches("ecmascript", pattern, value, ignore_case=True) in {True, False, None}
    assert Judge().matches("wildcard", pattern, value, ignore_case=True) in {True, False, None}


@given(st.text(alphabet="ab", max_size=12))
def test_a_literal_agrees_with_plain_search(text: str) -> None:
    found = Judge().matches("ecmascript", re.escape(text), "abbaab", ignore_case=True)
    assert found is (text in "abbaab")


def test_canonical_forms() -> None:
    assert canonical_input(" { http_cookie }") == "{HTTP_COOKIE}"
    assert canonical_input("RESPONSE_Content-Security-Policy") == "RESPONSE_CONTENT_SECURITY_POLICY"
    assert canonical_pattern(r" (.*)X-BEResource\=(.+)\/(.+)\~(.+)") == ".*x-beresource=.+/.+~.+"
    assert canonical_pattern(r"autodiscover\.json") != canonical_pattern("autodiscover.json")
