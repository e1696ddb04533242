"""Builds in every spelling come to one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.packs.versions import branch_of, is_full, key, normalise


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("15.01.2375.007", "15.1.2375.7"),
        ("15.1.2375.7", "15.1.2375.7"),
        (" 15.1.2375.7\n", "15.1.2375.7"),
        ("15.1.2176", "15.1.2176"),
        ("Version 15.1 (Build 2106.2)", "15.1.2106.2"),
        ("Version 15.1 (Build 32106.2)", "15.1.2106.2"),
        ("version 14.3 (build 123.4)", "14.3.123.4"),
        ("14.03.0513.000", "14.3.513.0"),
        ("15.02.2562.017", "15.2.2562.17"),
        ("15.01.2375.007 (some build)", "15.1.2375.7"),
        ("1.0", None),
        ("15.1.2375.7.9", None),
        ("15.1.2375.x", None),
        ("", None),
        ("0.10 (14.0.100.0)", None),
        ("\u0661\u0665.1.2375.7", None),
    ],
)
def test_spellings(text: str, build: str | None) -> None:
    assert normalise(text) == build


@given(st.tuples(*(st.integers(0, 99),) * 2, *(st.integers(0, 29_999),) * 2))
def test_all_spellings_of_one_build_agree(parts: tuple[int, int, int, int]) -> None:
    major, minor, build, revision = parts
    plain = f"{major}.{minor}.{build}.{revision}"
    spellings = (
        plain,
        f"{major:02}.{minor:02}.{build:04}.{revision:03}",
        f"Version {major}.{minor} (Build {build}.{revision})",
    )
    assert {normalise(one) for one in spellings} == {plain}
    assert key(plain) == parts
    assert plain.startswith(branch_of(plain))
    assert is_full(plain)
    assert not is_full(branch_of(plain))


@given(st.text())
def test_any_text_gives_a_build_or_nothing(text: str) -> None:
    build = normalise(text)
    assert build is None or normalise(build) == build
