"""Sigma strings as matchers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.sigma_strings import glob_matcher
from tocsin.packs.conditions import Glob, Wild

MANY, ONE = Wild.MANY, Wild.ONE
PARTS = st.lists(st.one_of(st.just(MANY), st.just(ONE), st.text("ab", min_size=1, max_size=3)), max_size=7)


def oracle(parts: list[str | Wild], text: str) -> bool:
    shape = "".join({MANY: ".*", ONE: "."}[p] if isinstance(p, Wild) else re.escape(p) for p in parts)
    return re.fullmatch(shape, text, re.DOTALL) is not None


@given(parts=PARTS, text=st.text("ab\n", max_size=12))
def test_as_the_regular_expression_says(parts: list[str | Wild], text: str) -> None:
    assert glob_matcher(Glob(tuple(parts)))(text) is oracle(parts, text)


@given(parts=PARTS, fill=st.text("ab", max_size=4))
def test_a_text_made_from_the_pattern_matches(parts: list[str | Wild], fill: str) -> None:
    text = "".join({MANY: fill, ONE: "b"}[p] if isinstance(p, Wild) else p for p in parts)
    assert glob_matcher(Glob(tuple(parts)))(text)


@pytest.mark.parametrize(
    ("parts", "text", "holds"),
    [
        (("a",), "a", True),
        (("a",), "ab", False),
        (("a", MANY), "ab", True),
        (("a", MANY), "ba", False),
        ((MANY, "a"), "ba", True),
        ((MANY, "a"), "ab", False),
        ((MANY, "a", MANY), "bab", True),
        ((MANY, "a", MANY), "bb", False),
        (("a", MANY, "a"), "a", False),
        (("a", MANY, "a"), "aa", True),
        ((), "", True),
        ((), "a", False),
        ((MANY,), "", True),
        ((ONE,), "", False),
        ((ONE,), "\n", True),
        (("a", MANY, "b", ONE, "d", MANY, "e"), "axbcdye", True),
        (("a", MANY, "b", ONE, "d", MANY, "e"), "axbcye", False),
    ],
)
def test_shapes(parts: tuple[str | Wild, ...], text: str, holds: bool) -> None:
    assert glob_matcher(Glob(parts))(text) is holds


def test_case_is_folded_on_the_side_of_the_pattern_unless_cased() -> None:
    assert glob_matcher(Glob(("AbC",)))("abc")
    assert not glob_matcher(Glob(("AbC",), cased=True))("abc")
    assert glob_matcher(Glob(("AbC",), cased=True))("AbC")


def test_a_hostile_text_takes_time_in_proportion() -> None:
    parts = (MANY, *(part for _ in range(30) for part in ("ab", MANY)), "c")
    assert not glob_matcher(Glob(parts))("ab" * 500_000)
